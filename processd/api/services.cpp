// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/body.h"
#include "processd/api/context.h"
#include "processd/api/handlers.h"
#include "processd/api/problem.h"
#include "processd/api/query.h"
#include "processd/config/template.h"

#include <nlohmann/json.hpp>

namespace processd::api {
namespace {

using nlohmann::json;
using supervisor::Operation;

// A service that is not there. Of a job it says so, of an instance of a template how to have it.
Reply not_there(const Call& call, const base::Error& error)
{
    if (error.code == base::Errc::not_found &&
        call.context.supervisor.configuration().jobs.contains(call.parameters[0]))
        return problem(Kind::not_found,
                       "\"" + call.parameters[0] +
                           "\" is no service but a job: `processctl job show` and `job run` are for those");
    const auto name = config::instance_of(call.parameters[0]);
    const auto& templates = call.context.supervisor.configuration().templates;
    const auto found = templates.find(name ? std::string(name->family) : std::string());
    if (error.code != base::Errc::not_found || found == templates.end()) return problem(error);
    return problem(Kind::not_found, error.message() + "; to have this instance of a template, add \"" +
                                        std::string(name->instance) + "\" to \"instances\" in " + found->second +
                                        " and reload");
}

// Begins an operation and answers with it, now or when it is done. `begin` is not called if the query is wrong.
template <class Begin> void operate(const Call& call, Begin begin)
{
    Query query(call.request());
    const auto wait = query.wait();
    if (query.problem()) return call.reply(*query.problem());
    const base::Result<Operation> operation = begin();
    if (!operation) return call.reply(not_there(call, operation.error()));
    call.context.waits.for_operation(call.exchange, operation->id, wait.value_or(base::Duration{}));
}

// What would bring something up is not begun any more while everything is being stopped.
bool refuse_while_stopping(const Call& call)
{
    if (!call.context.supervisor.stopping()) return false;
    call.reply(problem(Kind::unavailable, "the daemon is stopping"));
    return true;
}

} // namespace

void list_services(const Call& call)
{
    auto& services = call.context.supervisor.services();
    auto names = services.names();
    if (const auto* group = call.request().find("group")) {
        auto members = services.members(*group);
        if (!members) return call.reply(problem(members.error()));
        names = *std::move(members);
    }
    json list = json::array();
    for (const auto& name : names)
        if (auto status = services.status(name)) list.push_back(*std::move(status));
    call.reply(json_reply(200, {{"services", std::move(list)}, {"next", nullptr}}));
}

void get_service(const Call& call)
{
    const auto status = call.context.supervisor.services().status(call.parameters[0]);
    call.reply(status ? json_reply(200, *status) : not_there(call, status.error()));
}

void start_service(const Call& call)
{
    if (refuse_while_stopping(call)) return;
    operate(call, [&] { return call.context.supervisor.services().start(call.parameters[0], asker(call.request())); });
}

void stop_service(const Call& call)
{
    operate(call, [&] { return call.context.supervisor.services().stop(call.parameters[0], asker(call.request())); });
}

void restart_service(const Call& call)
{
    if (refuse_while_stopping(call)) return;
    operate(call,
            [&] { return call.context.supervisor.services().restart(call.parameters[0], asker(call.request())); });
}

void reload_service(const Call& call)
{
    operate(call, [&] { return call.context.supervisor.services().reload(call.parameters[0], asker(call.request())); });
}

void hold_service(const Call& call)
{
    operate(call, [&] { return call.context.supervisor.services().hold(call.parameters[0], asker(call.request())); });
}

void release_service(const Call& call)
{
    operate(call,
            [&] { return call.context.supervisor.services().release(call.parameters[0], asker(call.request())); });
}

void reset_service(const Call& call)
{
    operate(call, [&] { return call.context.supervisor.services().reset(call.parameters[0], asker(call.request())); });
}

void get_why(const Call& call)
{
    const auto why = call.context.supervisor.services().why(call.parameters[0]);
    call.reply(why ? json_reply(200, {{"service", call.parameters[0]}, {"sentences", *why}})
                   : not_there(call, why.error()));
}

void signal_service(const Call& call)
{
    auto body = parse_body(call.request(), {"signal", "scope"}, "a signal request");
    if (!body) return call.reply(body.error());
    const auto word = [&](const char* key) { return body->value(key, json()); };
    const auto name = word("signal");
    const auto signal = name.is_string() ? model::signal_number(name.get_ref<const std::string&>()) : std::nullopt;
    if (!signal)
        return call.reply(bad_parameter("signal", R"("signal" must be a name or number as text, like "HUP" or "1")" +
                                                      (name.is_string() ? ", not " + name.dump() : std::string())));
    auto scope = protocol::Scope::leader;
    if (const auto wanted = word("scope"); wanted == "group")
        scope = protocol::Scope::group;
    else if (wanted == "tree")
        scope = protocol::Scope::tree;
    else if (!wanted.is_null() && wanted != "leader")
        return call.reply(bad_parameter("scope", R"("scope" must be one of "leader", "group", "tree")"));
    operate(call, [&] {
        return call.context.supervisor.services().signal(call.parameters[0], *signal, scope, asker(call.request()));
    });
}

} // namespace processd::api
