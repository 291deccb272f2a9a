// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/commands.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/table.h"

#include <nlohmann/json.hpp>

namespace processd::ctl {
namespace {

using client::encoded;
using nlohmann::json;

std::string value_text(const json& key)
{
    if (flag(key, "hidden")) return "(hidden)";
    return clean(part(key, "value").dump(-1, ' ', false, json::error_handler_t::replace));
}

// A declaration in JSON has no lines.
std::string written_in(const json& key)
{
    const auto line = number(key, "line");
    return clean(text(key, "file")) + (line > 0 ? ':' + std::to_string(line) : "");
}

std::string key_table(const json& name, const Style& style)
{
    Table table({{"KEY"}, {"VALUE", false, 20}, {"WRITTEN IN"}});
    for (const auto& key : part(name, "keys"))
        table.row({{clean(text(key, "key")), Colour::plain},
                   {value_text(key), flag(key, "hidden") ? Colour::dim : Colour::plain},
                   {written_in(key), Colour::dim}});
    std::string heading = paint(style, Colour::bold, clean(text(name, "name"))) + ", " + clean(text(name, "kind"));
    if (const json& transient = part(name, "transient"); transient.is_object())
        heading += " (transient), declared over the API by " + clean(text(transient, "by")) + " at " +
                   clock_text(time(transient, "since"), style.now);
    return heading + '\n' + table.print(style);
}

} // namespace

int config_command(Session& session)
{
    client::Request request;
    if (session.options.names.empty()) {
        request.target = "/v1/config";
        const auto reply = session.ask_patiently(request);
        if (!reply) return reply.error();
        if (session.options.json) return session.print(reply->body) ? exit_done : exit_ours;
        const auto config = session.value(*reply);
        if (!config) return config.error();
        std::string all;
        for (const auto& name : part(*config, "names"))
            all += (all.empty() ? "" : "\n") + key_table(name, session.style());
        return session.print(all) ? exit_done : exit_ours;
    }
    int result = exit_done;
    bool first = true;
    for (const auto& name : session.options.names) {
        request.target = "/v1/config/" + encoded(name);
        const auto reply = session.ask_patiently(request);
        const auto found = reply.and_then([&](const auto& r) { return session.value(r); });
        if (!found) {
            result = found.error();
            if (result == exit_ours) return result;
            continue;
        }
        const auto page = session.options.json ? reply->body : (first ? "" : "\n") + key_table(*found, session.style());
        if (!session.print(page)) return exit_ours;
        first = false;
    }
    return result;
}

} // namespace processd::ctl
