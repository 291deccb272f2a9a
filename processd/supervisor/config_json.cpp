// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/config_json.h"

#include "processd/model/json.h"

#include <nlohmann/json.hpp>

namespace processd::supervisor {

using nlohmann::json;

json changes_json(const config::Changes& changes)
{
    json list = json::array();
    const auto add = [&](const json& service, std::string_view applies, const std::vector<std::string>& keys) {
        list.push_back({{"service", service}, {"applies", applies}, {"keys", keys}});
    };
    if (!changes.daemon_now.empty()) add(nullptr, "now", changes.daemon_now);
    if (!changes.daemon_at_next_start.empty()) add(nullptr, "next_start", changes.daemon_at_next_start);
    for (const auto& change : changes.services) {
        if (change.kind != config::ChangeKind::changed) add(change.name, name_of(change.kind), {});
        if (!change.now.empty()) add(change.name, "now", change.now);
        if (!change.at_next_start.empty()) add(change.name, "next_start", change.at_next_start);
    }
    return list;
}

json files_json(const std::vector<config::FileChange>& files)
{
    json list = json::array();
    for (const auto& file : files) list.push_back({{"path", file.path}, {"change", name_of(file.kind)}});
    return list;
}

json transient_json(const std::optional<model::Transient>& transient)
{
    if (!transient) return nullptr;
    return {{"by", transient->by}, {"since", model::json_time(transient->since)}};
}

json errors_json(const config::Problems& problems)
{
    json list = json::array();
    for (const auto& p : problems)
        list.push_back({{"file", p.file},
                        {"line", p.line == 0 ? json(nullptr) : json(p.line)},
                        {"column", p.column == 0 ? json(nullptr) : json(p.column)},
                        {"key", p.key.empty() ? json(nullptr) : json(p.key)},
                        {"message", p.message}});
    return list;
}

} // namespace processd::supervisor
