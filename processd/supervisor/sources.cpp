// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/sources.h"

#include "processd/model/json.h"
#include "processd/store/state.h"

#include <nlohmann/json.hpp>

namespace processd::supervisor {
namespace {

using nlohmann::json;
constexpr const char* key = "configuration";

} // namespace

store::Change sources_change(const std::vector<config::SourceSet>& sources)
{
    json list = json::array();
    for (const auto& set : sources) {
        json files = json::array();
        for (const auto& file : set.files) {
            json one{{"path", file.path}};
            model::put_bytes(one, file.text);
            files.push_back(std::move(one));
        }
        list.push_back({{"name", set.name}, {"has_main", set.has_main}, {"complete", set.complete}, {"files", files}});
    }
    return store::change_of(key, list);
}

base::Result<std::vector<config::SourceSet>> stored_sources(const store::State& state)
{
    std::vector<config::SourceSet> sources;
    const auto list = state.get(key);
    if (!list) return tl::unexpected(list.error());
    try {
        for (const auto& set : *list) {
            config::SourceSet source;
            source.name = set.at("name");
            source.has_main = set.at("has_main");
            source.complete = set.at("complete");
            for (const auto& file : set.at("files")) source.files.push_back({file.at("path"), model::bytes_from(file)});
            sources.push_back(std::move(source));
        }
    } catch (const json::exception& e) {
        return base::fail(base::Errc::corrupt, std::string("the stored configuration cannot be read: ") + e.what());
    }
    return sources;
}

} // namespace processd::supervisor
