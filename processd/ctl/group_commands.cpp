// SPDX-License-Identifier: GPL-3.0-or-later
// groups
#include "processd/ctl/commands.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/groups.h"
#include "processd/ctl/operation_wait.h"
#include "processd/ctl/table.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace processd::ctl {

OrExit<std::vector<std::string>> services_of(Session& session, const std::vector<std::string>& names)
{
    std::vector<std::string> found;
    const auto add = [&](std::string name) {
        if (std::find(found.begin(), found.end(), name) == found.end()) found.push_back(std::move(name));
    };
    for (const auto& name : names) {
        if (!is_group(name)) {
            add(name);
            continue;
        }
        const auto members = session.ask_patiently(get("/v1/services?group=" + client::encoded(name.substr(1))))
                                 .and_then([&](const auto& r) { return session.value(r); });
        if (!members) return tl::unexpected(members.error());
        for (const auto& service : part(*members, "services")) add(text(service, "name"));
    }
    return found;
}

int groups_command(Session& session)
{
    const auto reply = session.ask_patiently(get("/v1/groups"));
    if (!reply) return reply.error();
    if (session.options.json) return session.print(reply->body) ? exit_done : exit_ours;
    const auto list = session.value(*reply);
    if (!list) return list.error();
    const auto& groups = part(*list, "groups");
    if (!groups.is_array() || groups.empty())
        return session.print("no service is in a group\n") ? exit_done : exit_ours;
    Table table({{"GROUP"}, {"READY", true}, {"FAILED", true}, {"STOPPED", true}, {"MEMBERS", false, 16}});
    for (const auto& group : groups) {
        const auto members = texts(group, "members");
        const auto count = [&](const char* key, Colour colour) {
            const auto n = number(group, key);
            return Cell{std::to_string(n), n > 0 ? colour : Colour::plain};
        };
        auto ready = count("ready", Colour::good);
        ready.text += " of " + std::to_string(members.size());
        table.row({{clean(text(group, "name"))},
                   ready,
                   count("failed", Colour::bad),
                   count("stopped", Colour::dim),
                   {clean(joined(members))}});
    }
    return session.print(table.print(session.style())) ? exit_done : exit_ours;
}

} // namespace processd::ctl
