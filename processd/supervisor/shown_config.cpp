// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/shown_config.h"

#include "processd/config/load.h"
#include "processd/supervisor/config_json.h"

#include <nlohmann/json.hpp>

namespace processd::supervisor {
namespace {

using nlohmann::json;

json json_of(const config::Value& value)
{
    struct Visit {
        json operator()(const std::string& text) const { return text; }
        json operator()(std::int64_t number) const { return number; }
        json operator()(double number) const { return number; }
        json operator()(bool yes) const { return yes; }
        json operator()(const config::Moment&) const { return nullptr; }
        json operator()(const config::Array& array) const
        {
            json list = json::array();
            for (const auto& item : array) list.push_back(json_of(item));
            return list;
        }
        json operator()(const config::Table& table) const
        {
            json object = json::object();
            for (const auto& entry : table) object[entry.key] = json_of(entry.value);
            return object;
        }
    };
    return std::visit(Visit{}, value.data);
}

} // namespace

json shown_name(const config::ShownName& name)
{
    json keys = json::array();
    for (const auto& key : name.keys)
        keys.push_back({{"key", key.key},
                        {"value", key.value ? json_of(*key.value) : json(nullptr)},
                        {"hidden", !key.value},
                        {"file", key.file},
                        {"line", key.line == 0 ? json(nullptr) : json(key.line)}});
    return {{"name", name.name},
            {"kind", name.kind.empty() ? json(nullptr) : json(name.kind)},
            {"files", name.files},
            {"transient", transient_json(name.transient)},
            {"keys", std::move(keys)}};
}

json shown_config(const std::string& directory, json loaded, const std::vector<config::SourceSet>& sets,
                  const config::Problems& problems)
{
    json names = json::array();
    for (const auto& name : config::shown(sets, problems)) names.push_back(shown_name(name));
    json errors = json::array();
    for (const auto& problem : problems)
        errors.push_back({{"file", problem.file},
                          {"line", problem.line == 0 ? json(nullptr) : json(problem.line)},
                          {"key", problem.key.empty() ? json(nullptr) : json(problem.key)},
                          {"message", config::shown_message(problem, sets)}});
    return {{"directory", directory},
            {"loaded", std::move(loaded)},
            {"errors", std::move(errors)},
            {"names", std::move(names)}};
}

std::string shown_on_disk(const std::string& directory)
{
    config::Problems problems;
    const auto sets = config::read_directory(directory, problems);
    const auto found = config::interpret(sets, problems);
    const auto config = shown_config(directory, nullptr, sets, found ? config::Problems{} : found.error());
    return config.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace processd::supervisor
