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

std::string key_table(const json& name, const Style& style)
{
    Table table({{"KEY"}, {"VALUE", false, 20}, {"WRITTEN IN"}});
    for (const auto& key : part(name, "keys"))
        table.row({{clean(text(key, "key")), Colour::plain},
                   {value_text(key), flag(key, "hidden") ? Colour::dim : Colour::plain},
                   {clean(text(key, "file")) + ':' + std::to_string(number(key, "line")), Colour::dim}});
    return paint(style, Colour::bold, clean(text(name, "name"))) + ", " + clean(text(name, "kind")) + '\n' +
           table.print(style);
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
