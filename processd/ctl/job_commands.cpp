// SPDX-License-Identifier: GPL-3.0-or-later
// job list, job show, job run
#include "processd/ctl/commands.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/job_view.h"
#include "processd/ctl/operation_wait.h"
#include "processd/ctl/service_view.h"

namespace processd::ctl {
namespace {

std::string job_path(const std::string& name) { return "/v1/jobs/" + client::encoded(name); }

} // namespace

int job_list_command(Session& session)
{
    const auto reply = session.ask_patiently(get("/v1/jobs"));
    if (!reply) return reply.error();
    if (session.options.json) return session.print(reply->body) ? exit_done : exit_ours;
    const auto value = session.value(*reply);
    if (!value) return value.error();
    return session.print(job_table(part(*value, "jobs"), session.style())) ? exit_done : exit_ours;
}

int job_show_command(Session& session)
{
    int result = exit_done;
    bool first = true;
    for (const auto& name : session.options.names) {
        const auto reply = session.ask_patiently(get(job_path(name)));
        auto job = reply.and_then([&](const auto& r) { return session.value(r); });
        if (!job) {
            result = job.error();
            if (result == exit_ours) return result;
            continue;
        }
        const auto& last = part(*job, "last");
        if (last.is_object() && !flag(last, "good")) result = exit_failed;
        const auto page = session.options.json ? reply->body : job_page(*job, session.style());
        if (!session.print((first || session.options.json ? "" : "\n") + page)) return exit_ours;
        first = false;
    }
    return result;
}

int job_run_command(Session& session)
{
    const auto deadline = wait_deadline(session);
    int result = exit_done;
    for (const auto& name : session.options.names) {
        const auto reply = session.ask(post(job_path(name) + "/run")); // twice asked is twice run
        auto operation = reply.and_then([&](const auto& r) { return session.value(r); });
        if (!operation) {
            result = operation.error();
            if (result == exit_ours) return result;
            continue;
        }
        if (session.options.wait) {
            const int code = finish(session, {*std::move(operation), reply->body}, deadline, job_path);
            if (code != exit_done) result = code;
        } else if (!session.print(session.options.json ? reply->body
                                                       : operation_line(*operation, session.style()) + ", operation " +
                                                             clean(text(*operation, "id")) + '\n')) {
            return exit_ours;
        }
    }
    return result;
}

} // namespace processd::ctl
