// SPDX-License-Identifier: GPL-3.0-or-later
// status, start, stop, restart, signal
#include "processd/ctl/commands.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/service_view.h"

#include "helpers/base/duration.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace processd::ctl {
namespace {

using client::encoded;
using nlohmann::json;
using namespace std::chrono_literals;

constexpr base::Time never = base::Time::max();

client::Request get(std::string target)
{
    client::Request request;
    request.target = std::move(target);
    return request;
}

client::Request post(std::string target, std::string body = {})
{
    client::Request request;
    request.method = "POST";
    request.target = std::move(target);
    request.body = std::move(body);
    return request;
}

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

struct Asked {
    json operation;
    std::string body; // the same as the API's bytes
};

// Waits for one operation and says how it went.
int finish(Session& session, Asked asked, base::Time deadline)
{
    auto& [operation, body] = asked;
    while (text(operation, "state") != "done") {
        base::Duration wait = 30s;
        if (deadline != never) wait = std::clamp(deadline - base::now(), base::Duration{}, wait);
        auto request = get("/v1/operations/" + encoded(text(operation, "id")));
        if (wait > 0s) {
            const auto ms = std::chrono::ceil<std::chrono::milliseconds>(wait);
            request.target += "?wait=" + base::format_duration(ms);
            request.wait = ms;
        }
        const auto reply = session.ask_patiently(request);
        if (!reply) return reply.error();
        auto value = session.value(*reply);
        if (!value) return value.error();
        operation = *std::move(value);
        body = reply->body;
        if (text(operation, "state") != "done" && base::now() >= deadline) {
            session.complain(text(operation, "action") + " of " + text(operation, "service") +
                             " is not done yet and goes on as operation " + text(operation, "id"));
            return exit_not_yet;
        }
    }
    const bool ok = text(operation, "result") == "ok";
    if (session.options.json) return session.print(body) && ok ? exit_done : exit_failed;
    const auto style = session.style();
    if (ok) return session.print(operation_line(operation, style) + '\n') ? exit_done : exit_ours;
    Style plain = style;
    plain.colour = false;
    session.complain(operation_line(operation, plain));
    // Why a start failed is in what the service said last.
    if (text(operation, "action") != "stop" && text(operation, "result") == "failed")
        if (const auto reply = session.ask_patiently(get(service_path(text(operation, "service")))))
            if (const auto service = session.value(*reply)) write_all(STDERR_FILENO, last_end(*service, plain));
    return exit_failed;
}

int change_all(Session& session, const std::string& action, const std::string& body, bool wait)
{
    const auto& timeout = session.options.timeout;
    const auto deadline = timeout ? base::now() + *timeout : never;
    int result = exit_done;
    std::vector<Asked> operations; // asked for all at once, so that they go on side by side
    for (const auto& name : session.options.names) {
        // Twice started is once started, but twice restarted is not.
        const auto request = post(service_path(name) + '/' + action, body);
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
        if (const int code = finish(session, std::move(asked), deadline); code != exit_done) result = code;
    return result;
}

} // namespace

int status_command(Session& session)
{
    if (session.options.names.empty()) return overview(session);
    int result = exit_done;
    bool first = true;
    for (const auto& name : session.options.names) {
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

int signal_command(Session& session)
{
    const json body{{"signal", session.options.signal}, {"scope", session.options.scope}};
    return change_all(session, "signal", body.dump(-1, ' ', false, json::error_handler_t::replace), true);
}

} // namespace processd::ctl
