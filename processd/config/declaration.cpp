// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/declaration.h"

#include <algorithm>

namespace processd::config {

Declaration read_declaration(const std::string& name, const Table& document, Complaints& complaints)
{
    static const std::vector<std::string_view> kinds{"service", "job", "hook", "lock"};
    static const std::vector<std::string_view> inner_tables{"restart", "ready",       "stop",   "check",
                                                            "logs",    "environment", "limits", "cgroup"};
    TableReader top{document, {0, 1, 1}, "", complaints};
    const Entry* declared = nullptr;
    bool several = false;
    for (const auto kind : kinds) {
        const Entry* entry = top.find(kind);
        if (entry == nullptr) continue;
        if (declared != nullptr) {
            several = true;
            top.complain(entry->place, kind,
                         "the file declares [" + declared->key +
                             "] already, and a file declares exactly one thing; put [" + entry->key +
                             "] into one of its own");
        } else {
            declared = entry;
        }
    }
    for (const auto& entry : document) {
        if (std::find(kinds.begin(), kinds.end(), entry.key) != kinds.end()) continue;
        const bool table = std::holds_alternative<Table>(entry.value.data);
        const bool inner = std::find(inner_tables.begin(), inner_tables.end(), entry.key) != inner_tables.end();
        complaints.add(entry.place, entry.key,
                       inner   ? "[" + entry.key + "] stands outside of [service]: write [service." + entry.key + "]"
                       : table ? "[" + entry.key + "] is not known here; the file declares [service], [job] or [hook]" +
                                     did_you_mean(entry.key, kinds)
                               : quoted(entry.key) + " stands outside of [service]: put the line [service] before it");
    }
    if (declared == nullptr && document.empty())
        complaints.add({0, 1, 1}, "service",
                       "the file is empty: it must declare a [service], [job] or [hook] with a command");
    if (declared == nullptr || several) return {};
    if (declared->key == "lock") {
        top.complain(declared->place, "lock",
                     "[lock] comes in a later version; this one knows [service], [job] and [hook]");
        return {};
    }
    auto keys = top.table(declared->key, "[" + declared->key + R"(] with command = ["/usr/sbin/ctdbd", "-i"])");
    if (!keys) return {};
    if (declared->key == "job") return read_job(name, *keys);
    if (declared->key == "hook") return read_hook(name, *keys);
    return read_service(name, *keys);
}

} // namespace processd::config
