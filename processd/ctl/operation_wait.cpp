// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/operation_wait.h"

#include "helpers/base/duration.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/service_view.h"

#include <algorithm>
#include <unistd.h>

namespace processd::ctl {

using client::encoded;
using namespace std::chrono_literals;

constexpr base::Time never = base::Time::max();

client::Request get(std::string target)
{
    client::Request request;
    request.target = std::move(target);
    return request;
}

client::Request post(std::string target, std::string body)
{
    client::Request request;
    request.method = "POST";
    request.target = std::move(target);
    request.body = std::move(body);
    return request;
}

base::Time wait_deadline(const Session& session)
{
    const auto& timeout = session.options.timeout;
    return timeout ? base::now() + *timeout : never;
}

namespace {

// Why a start failed is in what the service said last; of a group, what each of its failed members said.
void tell_last_end(Session& session, const nlohmann::json& operation, std::string (*path_of)(const std::string& name))
{
    if (path_of == nullptr || text(operation, "action") == "stop" || text(operation, "result") != "failed") return;
    Style plain = session.style();
    plain.colour = false;
    const auto parts = texts(operation, "parts");
    for (const auto& id : parts)
        if (const auto reply = session.ask_patiently(get("/v1/operations/" + encoded(id))))
            if (const auto one = session.value(*reply); one && text(*one, "result") == "failed") {
                session.complain(operation_line(*one, plain));
                tell_last_end(session, *one, path_of);
            }
    if (!parts.empty()) return;
    if (const auto reply = session.ask_patiently(get(path_of(text(operation, "service")))))
        if (const auto service = session.value(*reply)) write_all(STDERR_FILENO, last_end(*service, plain));
}

} // namespace

int finish(Session& session, Asked asked, base::Time deadline, std::string (*path_of)(const std::string& name))
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
            session.complain(text(operation, "action") + " of " + subject(operation) +
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
    tell_last_end(session, operation, path_of);
    return exit_failed;
}

} // namespace processd::ctl
