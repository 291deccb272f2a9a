// SPDX-License-Identifier: GPL-3.0-or-later
// status, start, stop, restart, signal
#include "processd/ctl/commands.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/groups.h"
#include "processd/ctl/moment.h"
#include "processd/ctl/operation_wait.h"
#include "processd/ctl/service_view.h"

#include <nlohmann/json.hpp>

namespace processd::ctl {
namespace {

using client::encoded;
using nlohmann::json;

std::string service_path(const std::string& name) { return "/v1/services/" + encoded(name); }

int overview(Session& session)
{
    if (session.options.json) {
        const auto reply = session.ask_patiently(get("/v1/services"));
        return reply ? (session.print(reply->body) ? exit_done : exit_ours) : reply.error();
    }
    auto system = session.ask_patiently(get("/v1/system")).and_then([&](const auto& r) { return session.value(r); });
    if (!system) return system.error();
    auto services =
        session.ask_patiently(get("/v1/services")).and_then([&](const auto& r) { return session.value(r); });
    if (!services) return services.error();
    const auto style = session.style();
    return session.print(system_line(*system, style) + service_table(part(*services, "services"), style)) ? exit_done
                                                                                                          : exit_ours;
}

int change_all(Session& session, const std::string& action, const std::string& body, bool wait)
{
    const auto deadline = wait_deadline(session);
    // A group is started, stopped and restarted as a whole; a signal goes to each.
    const auto names = action == "signal" ? services_of(session, session.options.names)
                                          : OrExit<std::vector<std::string>>(session.options.names);
    if (!names) return names.error();
    int result = exit_done;
    std::vector<Asked> operations; // asked for all at once, so that they go on side by side
    for (const auto& name : *names) {
        // Twice started is once started, but twice restarted is not.
        const auto path = is_group(name) ? "/v1/groups/" + encoded(name.substr(1)) : service_path(name);
        const auto request = post(path + '/' + action, body);
        const auto reply =
            action == "start" || action == "stop" ? session.ask_patiently(request) : session.ask(request);
        auto operation = reply.and_then([&](const auto& r) { return session.value(r); });
        if (!operation) {
            result = operation.error();
            if (result == exit_ours) return result;
            continue;
        }
        if (wait) {
            operations.push_back({*std::move(operation), reply->body});
        } else if (session.options.json) {
            if (!session.print(reply->body)) return exit_ours;
        } else if (!session.print(operation_line(*operation, session.style()) + ", operation " +
                                  clean(text(*operation, "id")) + '\n')) {
            return exit_ours;
        }
    }
    for (auto& asked : operations)
        if (const int code = finish(session, std::move(asked), deadline, service_path); code != exit_done)
            result = code;
    return result;
}

} // namespace

int status_command(Session& session)
{
    if (session.options.names.empty()) return overview(session);
    const auto names = services_of(session, session.options.names);
    if (!names) return names.error();
    int result = exit_done;
    bool first = true;
    for (const auto& name : *names) {
        const auto reply = session.ask_patiently(get(service_path(name)));
        auto service = reply.and_then([&](const auto& r) { return session.value(r); });
        if (!service) {
            result = service.error();
            if (result == exit_ours) return result;
            continue;
        }
        if (text(*service, "state") != "ready") result = exit_failed;
        const auto page = session.options.json ? reply->body : service_page(*service, session.style());
        if (!session.print((first || session.options.json ? "" : "\n") + page)) return exit_ours;
        first = false;
    }
    return result;
}

int change_command(Session& session)
{
    const char* action = session.options.command == Command::start  ? "start"
                         : session.options.command == Command::stop ? "stop"
                                                                    : "restart";
    return change_all(session, action, {}, session.options.wait);
}

// What is done at once, and may be done twice.
int steady_command(Session& session)
{
    auto names = services_of(session, session.options.names);
    if (!names) return names.error();
    const auto command = session.options.command;
    const bool reset = command == Command::reset_failed;
    if (reset && names->empty()) { // all that have failed
        auto services =
            session.ask_patiently(get("/v1/services")).and_then([&](const auto& r) { return session.value(r); });
        if (!services) return services.error();
        for (const auto& service : part(*services, "services"))
            if (text(service, "state") == "failed") names->push_back(text(service, "name"));
    }
    int result = exit_done;
    for (const auto& name : *names) {
        const char* action = reset ? "reset" : command == Command::hold ? "hold" : "release";
        const auto reply = session.ask_patiently(post(service_path(name) + '/' + action));
        const auto operation = reply.and_then([&](const auto& r) { return session.value(r); });
        if (!operation) {
            result = operation.error();
            if (result == exit_ours) return result;
            continue;
        }
        if (!session.print(session.options.json ? reply->body : operation_line(*operation, session.style()) + '\n'))
            return exit_ours;
    }
    return result;
}

int why_command(Session& session)
{
    const auto names = services_of(session, session.options.names);
    if (!names) return names.error();
    int result = exit_done;
    bool first = true;
    for (const auto& name : *names) {
        const auto reply = session.ask_patiently(get(service_path(name) + "/why"));
        const auto why = reply.and_then([&](const auto& r) { return session.value(r); });
        if (!why) {
            result = why.error();
            if (result == exit_ours) return result;
            continue;
        }
        std::string page = first || session.options.json ? "" : "\n";
        for (const auto& sentence : texts(*why, "sentences")) {
            const bool quoted = sentence.starts_with("    "); // its own words
            page += clean(quoted ? sentence : with_local_times(sentence, base::wall_now())) + '\n';
        }
        if (!session.print(session.options.json ? reply->body : page)) return exit_ours;
        first = false;
    }
    return result;
}

int signal_command(Session& session)
{
    const json body{{"signal", session.options.signal}, {"scope", session.options.scope}};
    return change_all(session, "signal", body.dump(-1, ' ', false, json::error_handler_t::replace), true);
}

} // namespace processd::ctl
