// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/bind_mount.h"

#include "processd/model/json_keys.h"

namespace processd::model {

std::string wrong_binds(const std::vector<BindMount>& binds)
{
    if (binds.size() > max_binds) return "at most " + std::to_string(max_binds) + " mounts";
    std::set<std::string_view> targets;
    for (const auto& bind : binds) {
        for (const auto& path : {bind.source, bind.target})
            if (!path.starts_with('/')) return "mounts with absolute paths, not \"" + path + "\"";
        if (bind.target.find_first_not_of('/') == std::string::npos) return "mounts below \"/\", not over it";
        if (!targets.insert(bind.target).second)
            return "one mount for each target, not two for \"" + bind.target + "\"";
    }
    return {};
}

void write_binds(JsonText& object, const std::vector<BindMount>& binds)
{
    object.key("bind").array();
    for (const auto& bind : binds)
        object.object()
            .put("source", bind.source)
            .put("target", bind.target)
            .put("read_only", bind.read_only)
            .end_object();
    object.end_array();
}

void read_binds(JsonKeys& keys, std::vector<BindMount>& binds)
{
    const auto* list = keys.find("bind");
    if (list == nullptr) return;
    const char* const right = R"(an array of objects like {"source": "/srv/a", "target": "/etc/a", "read_only": true})";
    if (!list->is_array()) return keys.complain("bind", right);
    for (const auto& item : *list) {
        if (!item.is_object() || !only_known_keys(item, {"source", "target", "read_only"}, "a bind mount"))
            return keys.complain("bind", right);
        JsonKeys parts{item};
        BindMount bind;
        parts.text("source", bind.source);
        parts.text("target", bind.target);
        parts.truth("read_only", bind.read_only);
        if (!parts.problem().empty()) return keys.complain("bind", right);
        binds.push_back(std::move(bind));
    }
    if (const auto wrong = wrong_binds(binds); !wrong.empty()) keys.complain("bind", wrong);
}

} // namespace processd::model
