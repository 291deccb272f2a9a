// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/commands.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/page.h"
#include "processd/ctl/table.h"

#include <nlohmann/json.hpp>

namespace processd::ctl {
namespace {

using nlohmann::json;

std::string user_text(const json& who)
{
    auto line = "uid " + std::to_string(number(who, "uid"));
    if (part(who, "mapped").is_boolean() && !flag(who, "mapped"))
        line += ", which stands for all users that the daemon's user namespace does not know";
    return line;
}

std::string process_text(const json& who)
{
    const auto pid = number(who, "pid");
    if (pid <= 0) return "outside of the daemon's pid namespace";
    const auto command = text(who, "command");
    return "pid " + std::to_string(pid) + (command.empty() ? "" : ", " + clean(command));
}

std::string rule_text(const json& rule)
{
    const auto by = text(rule, "by");
    if (by == "root") return "root always has it";
    if (by == "own") return "the daemon runs as this user";
    if (by == "job") return "job " + clean(text(rule, "name")) + ", which lets you run it";
    if (by == "unmapped") return "unmapped in [access]";
    if (by == "user" || by == "group")
        return by + " " + clean(text(rule, "name")) + " in [access], number " + std::to_string(number(rule, "id"));
    return "nothing in [access] gives a level any more";
}

} // namespace

int whoami_command(Session& session)
{
    client::Request request;
    request.target = "/v1/whoami";
    const auto reply = session.ask_patiently(request);
    if (!reply) return reply.error();
    if (session.options.json) return session.print(reply->body) ? exit_done : exit_ours;
    const auto value = session.value(*reply);
    if (!value) return value.error();
    const json& who = *value;
    Page page;
    page.item("user", user_text(who));
    page.item("group", "gid " + std::to_string(number(who, "gid")));
    page.item("groups", joined(texts(who, "groups")));
    page.item("process", process_text(who));
    page.item("level", clean(text(who, "level")));
    page.item("by", rule_text(part(who, "rule")));
    page.item("jobs", clean(joined(texts(who, "jobs"))));
    Table table({{"LEVEL"}, {"YOURS"}, {"ALLOWS"}});
    for (const auto& level : part(who, "levels")) {
        const bool granted = flag(level, "granted");
        table.row({{clean(text(level, "level")), Colour::plain},
                   {granted ? "yes" : "no", granted ? Colour::good : Colour::plain},
                   {clean(text(level, "allows")), Colour::plain}});
    }
    return session.print(page.print(session.style()) + "\n" + table.print(session.style())) ? exit_done : exit_ours;
}

} // namespace processd::ctl
