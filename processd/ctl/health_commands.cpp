// SPDX-License-Identifier: GPL-3.0-or-later
// probe, wait: for programs that look at the exit code.
#include "helpers/client/problem.h"
#include "processd/ctl/commands.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/groups.h"
#include "processd/ctl/service_view.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace processd::ctl {

using nlohmann::json;

// No second try and no long wait: whoever probes does so again.
int probe_command(Session& session)
{
    client::Request request;
    request.target = "/v1/health?level=" + session.options.level;
    request.wait = session.options.timeout.value_or(std::chrono::seconds{2});
    client::Connection connection(session.settings());
    const auto reply = connection.ask(request);
    if (!reply) {
        session.complain(reply.error().message());
        return exit_unknown;
    }
    const auto health = client::parse(reply->body);
    if (!health || !part(*health, "healthy").is_boolean()) { // a problem, or a daemon that does not know the route
        session.complain(client::problem_of(*reply).message());
        return exit_unknown;
    }
    if (session.options.json)
        (void)session.print(reply->body);
    else
        (void)session.print(health_lines(*health, session.style()));
    return reply->status == 200 ? exit_done : exit_failed;
}

// Until all are as wanted, or one will not be by itself. Names that nobody knows are told first.
int wait_command(Session& session)
{
    const auto found = services_of(session, session.options.names);
    if (!found) return found.error();
    const auto& names = *found;
    const auto& wanted = session.options.state;
    for (const auto& name : names) {
        client::Request request;
        request.target = "/v1/services/" + client::encoded(name);
        if (const auto known = session.ask_patiently(request); !known) return known.error();
    }
    const auto timer = session.wake_at_timeout();
    std::map<std::string, json> last; // of each that was named
    const auto is_there = [&](const std::string& name) {
        const auto at = last.find(name);
        const auto state = at == last.end() ? std::string() : text(at->second, "state");
        return state == wanted || (wanted == "stopped" && state == "failed");
    };
    Following following;
    following.request = [](const std::string&) { // each time with a snapshot: what is wanted is a state, not a change
        client::Request request;
        request.target = "/v1/watch";
        request.accept = "application/x-ndjson";
        return request;
    };
    following.on_line = [&](const json& line, std::string_view) -> std::optional<int> {
        if (text(line, "type") != "service") return std::nullopt;
        const auto& service = part(line, "service");
        const auto name = text(service, "name");
        if (std::find(names.begin(), names.end(), name) == names.end()) return std::nullopt;
        last[name] = service;
        const auto state = text(service, "state");
        if (wanted == "ready" && state == "failed") {
            session.complain(name + " is " + state + ": " + service_why(service, {}));
            return exit_failed;
        }
        return std::all_of(names.begin(), names.end(), is_there) ? std::optional(exit_done) : std::nullopt;
    };
    following.on_wake = [&]() -> std::optional<int> {
        for (const auto& name : names) {
            if (is_there(name)) continue;
            std::string sentence = name + " is not " + wanted + " yet";
            if (const auto at = last.find(name); at != last.end()) {
                sentence += ": " + text(at->second, "state");
                if (const auto why = service_why(at->second, {}); !why.empty()) sentence += ", " + why;
            }
            session.complain(sentence);
        }
        return exit_not_yet;
    };
    return session.follow(following);
}

} // namespace processd::ctl
