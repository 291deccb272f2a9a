// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/transient_records.h"

#include "helpers/base/wall_time.h"
#include "processd/model/json.h"
#include "processd/store/state.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

namespace processd::supervisor {
namespace {

using nlohmann::json;

std::vector<config::SourceSet> joined(std::vector<config::SourceSet> files, const std::vector<config::SourceSet>& more)
{
    std::copy(more.begin(), more.end(), std::back_inserter(files));
    return files;
}

} // namespace

config::SourceSet transient_set(const std::string& name, const std::string& text, model::Transient who)
{
    config::SourceSet set;
    set.name = name;
    set.files = {{"transient service " + name, text}};
    set.has_main = true;
    set.transient = std::move(who);
    return set;
}

store::Change transient_change(const config::SourceSet& set)
{
    json document{{"by", set.transient->by}, {"since", model::json_time(set.transient->since)}};
    model::put_bytes(document, set.files.front().text);
    return store::change_of(std::string(transient_prefix) + set.name, document);
}

store::Change transient_gone(const std::string& name) { return {std::string(transient_prefix) + name, {}}; }

std::vector<config::SourceSet> stored_transient(const store::State& state, SetAside& aside)
{
    std::vector<config::SourceSet> sets;
    for (const auto& key : state.keys(transient_prefix)) {
        const auto name = key.substr(transient_prefix.size());
        if (aside.contains(name)) continue;
        const auto document = state.get(key);
        if (!document) {
            aside[name] = document.error().message();
            continue;
        }
        try {
            const auto since = base::parse_wall_time(document->at("since").get<std::string>());
            sets.push_back(transient_set(name, model::bytes_from(*document),
                                         {document->at("by"), since.value_or(base::WallTime{})}));
        } catch (const json::exception& e) {
            aside[name] = std::string("its record is not what it should be: ") + e.what();
        }
    }
    return sets;
}

config::Loaded fit(const std::vector<config::SourceSet>& files, const config::Problems& problems,
                   std::vector<config::SourceSet> transient, SetAside& aside)
{
    std::erase_if(transient, [&](const auto& set) {
        const auto same = [&](const auto& file) { return file.name == set.name; };
        const auto file = std::find_if(files.begin(), files.end(), same);
        if (file == files.end() || file->files.empty()) return false;
        aside[set.name] = "it is declared by " + file->files.front().path;
        return true;
    });
    while (true) {
        auto found = config::interpret(joined(files, transient), problems);
        if (found || transient.empty()) return found;
        const auto reason_of = [&](const config::SourceSet& set) {
            for (const auto& problem : found.error())
                if (!problem.warning && problem.file == set.files.front().path) return config::format(problem);
            return std::string();
        };
        const auto before = transient.size();
        std::erase_if(transient, [&](const auto& set) {
            const auto reason = reason_of(set);
            if (!reason.empty()) aside[set.name] = reason;
            return !reason.empty();
        });
        if (transient.size() < before) continue;
        // It is the files that are wrong, or only beside them.
        auto alone = config::interpret(files, problems);
        if (!alone) return alone;
        const auto wrong =
            std::find_if(found.error().begin(), found.error().end(), [](const auto& p) { return !p.warning; });
        for (const auto& set : transient) aside[set.name] = config::format(*wrong);
        return alone;
    }
}

} // namespace processd::supervisor
