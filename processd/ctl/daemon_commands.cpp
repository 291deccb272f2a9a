// SPDX-License-Identifier: GPL-3.0-or-later
// plan, reload, shutdown, metrics, version
#include "processd/ctl/commands.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/line_view.h"
#include "processd/ctl/table.h"

#include <nlohmann/json.hpp>

namespace processd::ctl {
namespace {

using nlohmann::json;

client::Request post(std::string target)
{
    client::Request request;
    request.method = "POST";
    request.target = std::move(target);
    return request;
}

std::string applies_text(const std::string& applies)
{
    if (applies == "now") return "in force now";
    if (applies == "next_start") return "at the next start";
    if (applies == "removed_running") return "removed, runs until it is stopped";
    return clean(applies);
}

std::string would_text(const std::string& applies)
{
    if (applies == "now") return "apply at once";
    if (applies == "next_start") return "apply at the next start";
    if (applies == "added") return "add it";
    if (applies == "removed") return "remove it";
    if (applies == "removed_running") return "remove it; it runs until it is stopped";
    return clean(applies);
}

// says: what "applies" means in words.
std::string changes_table(const Session& session, const json& changes, const char* heading,
                          std::string (*says)(const std::string&))
{
    Table table({{"SERVICE"}, {heading}, {"KEYS"}});
    for (const auto& change : changes) {
        const auto service = text(change, "service");
        table.row({{service.empty() ? "(daemon)" : clean(service), Colour::plain},
                   {says(text(change, "applies")), Colour::plain},
                   {clean(joined(texts(change, "keys"))), Colour::plain}});
    }
    return table.print(session.style());
}

void tell_warnings(const Session& session, const json& reply)
{
    for (const auto& warning : part(reply, "warnings")) session.complain("warning: " + config_error(warning));
}

// The reply to a question for which the daemon reads its configuration directory.
OrExit<client::Reply> ask_for_reading(Session& session, client::Request request)
{
    request.wait = std::chrono::seconds{20}; // a slow disk below the directory
    return session.ask_patiently(request);
}

// Nobody listens any more: the keeper, which holds the socket, has ended.
bool is_gone(const base::Error& error)
{
    return error.code == std::errc::no_such_file_or_directory || error.code == std::errc::connection_refused;
}

} // namespace

int plan_command(Session& session)
{
    client::Request request;
    request.target = "/v1/plan";
    const auto reply = ask_for_reading(session, request);
    if (!reply) return reply.error();
    if (session.options.json) return session.print(reply->body) ? exit_done : exit_ours;
    const auto value = session.value(*reply);
    if (!value) return value.error();
    tell_warnings(session, *value);
    const json& files = part(*value, "files");
    const json& changes = part(*value, "changes");
    const auto stays = joined(texts(*value, "transient"));
    const auto note = stays.empty() ? "" : "left alone by a reload (transient): " + clean(stays) + '\n';
    if (!files.is_array() || files.empty())
        return session.print("the configuration on disk is the one in force\n" + note) ? exit_done : exit_ours;
    Table table({{"FILE"}, {"SINCE IT WAS LOADED"}});
    for (const auto& file : files)
        table.row({{clean(text(file, "path")), Colour::plain}, {clean(text(file, "change")), Colour::plain}});
    auto all = table.print(session.style()) + '\n';
    if (!changes.is_array() || changes.empty())
        all += "a reload would change nothing: the values are the same\n";
    else
        all += changes_table(session, changes, "A RELOAD WOULD", would_text);
    return session.print(all + note) ? exit_done : exit_ours;
}

int reload_command(Session& session)
{
    const auto reply = ask_for_reading(session, post("/v1/reload"));
    if (!reply) return reply.error();
    if (session.options.json) return session.print(reply->body) ? exit_done : exit_ours;
    const auto value = session.value(*reply);
    if (!value) return value.error();
    tell_warnings(session, *value);
    const json& changes = part(*value, "changes");
    if (!changes.is_array() || changes.empty()) return session.print("nothing has changed\n") ? exit_done : exit_ours;
    return session.print(changes_table(session, changes, "APPLIES", applies_text)) ? exit_done : exit_ours;
}

namespace {

// Asks for the stop, and says that it was granted. An exit code if it was not.
std::optional<int> ask_to_stop(Session& session)
{
    const auto reply = session.ask_patiently(post("/v1/shutdown"));
    if (!reply) return reply.error();
    if (session.options.json) return session.print(reply->body) ? std::nullopt : std::optional(exit_ours);
    const auto value = session.value(*reply);
    if (!value) return value.error();
    const auto sentence =
        "stopping; what is left after " + until_text(time(*value, "stop_deadline"), base::wall_now()) + " is killed\n";
    return session.print(sentence) ? std::nullopt : std::optional(exit_ours);
}

} // namespace

int shutdown_command(Session& session)
{
    if (!session.options.wait) return ask_to_stop(session).value_or(exit_done);
    const auto timer = session.wake_at_timeout();
    // The changes are followed before the stop is asked for, or the first ones would be missed.
    Session asking(session.options);
    bool asked = false;
    bool changes = false; // what comes before the end of a snapshot is none
    Following following;
    following.request = [](const std::string& token) {
        client::Request request;
        request.target = "/v1/watch" + (token.empty() ? "" : "?after=" + client::encoded(token));
        request.accept = "application/x-ndjson";
        return request;
    };
    following.on_line = [&](const json& line, std::string_view) -> std::optional<int> {
        const auto type = text(line, "type");
        if (type == "gap") changes = false; // a snapshot follows
        if (type == "snapshot_end") {
            changes = true;
            if (!std::exchange(asked, true))
                if (const auto refused = ask_to_stop(asking)) return refused;
        }
        if (changes && !session.options.json && type == "service" &&
            !session.print(watch_line(line, session.style()) + '\n'))
            return exit_ours;
        return std::nullopt;
    };
    following.on_wake = [&]() -> std::optional<int> {
        session.complain("the daemon has not ended yet; it goes on stopping");
        return exit_not_yet;
    };
    following.on_lost = [&](const base::Error& error) -> std::optional<int> {
        return asked && is_gone(error) ? std::optional(exit_done) : std::nullopt;
    };
    return session.follow(following);
}

// Text with --json, too: these are the bytes of the reply.
int metrics_command(Session& session)
{
    client::Request request;
    request.target = "/v1/metrics";
    request.accept = session.options.format == "prometheus" ? "text/plain" : "application/openmetrics-text";
    const auto reply = session.ask_patiently(request);
    if (!reply) return reply.error();
    return session.print(reply->body) ? exit_done : exit_ours;
}

int version_command(Session& session, std::string_view version)
{
    if (!session.options.json && !session.print("processctl " + std::string(version) + '\n')) return exit_ours;
    client::Request request;
    request.target = "/v1/system";
    const auto reply = session.ask_patiently(request);
    if (!reply) return reply.error();
    if (session.options.json) return session.print(reply->body) ? exit_done : exit_ours;
    const auto system = session.value(*reply);
    if (!system) return system.error();
    const json& keeper = part(*system, "keeper");
    const json& manager = part(*system, "manager");
    return session.print("ctdb-processd " + clean(text(*system, "version")) + ", keeper " +
                         clean(text(keeper, "version")) + " (pid " + std::to_string(number(keeper, "pid")) +
                         "), manager " + clean(text(manager, "version")) + " (pid " +
                         std::to_string(number(manager, "pid")) + ")\n")
               ? exit_done
               : exit_ours;
}

} // namespace processd::ctl
