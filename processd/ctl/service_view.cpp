// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/service_view.h"

#include "processd/ctl/fields.h"
#include "processd/ctl/line_view.h"
#include "processd/ctl/page.h"
#include "processd/ctl/table.h"

#include <nlohmann/json.hpp>

namespace processd::ctl {
namespace {

using nlohmann::json;

constexpr std::size_t overview_lines = 3; // of a failing service's last output

Colour state_colour(const std::string& state)
{
    if (state == "ready") return Colour::good;
    if (state == "backoff" || state == "failed") return Colour::bad;
    if (state == "stopped") return Colour::dim;
    return Colour::busy;
}

// Trouble is what deserves the last lines of output: it fails, or it tries again after a failure.
std::vector<json> failing_checks(const json& service)
{
    std::vector<json> failing;
    for (const auto& check : part(service, "checks"))
        if (text(check, "state") == "failing") failing.push_back(check);
    return failing;
}

bool in_trouble(const json& service)
{
    const auto state = text(service, "state");
    return state == "backoff" || state == "failed" || (state == "starting" && number(service, "failures") > 0) ||
           !failing_checks(service).empty();
}

std::string next_text(const json& service, const Style& style)
{
    const json& next = part(service, "next");
    if (!next.is_object()) return {};
    const auto action = text(next, "action");
    const auto when = until_text(time(next, "at"), style.now);
    const auto at = when == "now" ? when : "in " + when;
    if (action == "restart") return "restarts " + at;
    if (action == "kill") return "SIGKILL " + at;
    if (action == "timeout") return "gives up " + at;
    return clean(action) + ' ' + at;
}

std::vector<Cell> last_lines(const json& service, std::size_t at_most, const Style& style)
{
    std::vector<Cell> cells;
    const json& lines = part(part(service, "last"), "lines");
    if (!lines.is_array()) return cells;
    const auto skip = lines.size() > at_most ? lines.size() - at_most : 0;
    for (std::size_t i = skip; i < lines.size(); ++i) cells.push_back({output_line(lines[i], style), Colour::dim});
    return cells;
}

std::string past(const std::string& action)
{
    if (action == "start") return "started";
    if (action == "stop") return "stopped";
    if (action == "restart") return "restarted";
    if (action == "reload") return "reloaded";
    if (action == "signal") return "signalled";
    if (action == "run") return "ran";
    if (action == "hold") return "held";
    if (action == "release") return "released";
    if (action == "reset") return "reset";
    if (action == "upgrade") return "upgraded";
    return action + " done";
}

std::string lines_text(std::int64_t count) { return std::to_string(count) + (count == 1 ? " line" : " lines"); }

// What sinks lack or cannot write; empty while all is well.
std::string logs_trouble(const json& system, const Style& style)
{
    const json& logs = part(system, "logs");
    std::string all;
    for (const json& sink : part(logs, "sinks")) {
        const auto error = clean(text(sink, "error"));
        const auto dropped = number(sink, "lines_dropped");
        if (error.empty() && dropped == 0) continue;
        all += paint(style, Colour::bad, "log sink " + clean(text(sink, "to"))) + ": ";
        if (dropped > 0) all += lines_text(dropped) + " dropped";
        if (!error.empty())
            all += (dropped > 0 ? ", " : "") + size_text(static_cast<std::uint64_t>(number(sink, "queued_bytes"))) +
                   " wait: " + error;
        all += '\n';
    }
    for (const json& limited : part(logs, "rate_limited")) {
        const auto service = clean(text(limited, "service"));
        all += paint(style, Colour::busy, "rate limit") + ": " + lines_text(number(limited, "lines")) + " of " +
               (service.empty() ? "ad-hoc runs" : service) + " left out of the log sinks\n";
    }
    return all;
}

} // namespace

std::string system_line(const json& system, const Style& style)
{
    const json& counts = part(system, "counts");
    const json& keeper = part(system, "keeper");
    const json& manager = part(system, "manager");
    std::string line =
        "ctdb-processd " + clean(text(system, "version")) + ", up " + age_text(time(keeper, "started"), style.now);
    const auto services = number(counts, "services");
    line += ", " + std::to_string(services) + (services == 1 ? " service (" : " services (") +
            std::to_string(number(counts, "services_ready")) + " ready";
    if (const auto failed = number(counts, "services_failed"); failed > 0)
        line += ", " + paint(style, Colour::bad, std::to_string(failed) + " failed");
    line += ")";
    if (const auto runs = number(counts, "runs_active"); runs > 0)
        line += ", " + std::to_string(runs) + (runs == 1 ? " run" : " runs") + " active";
    if (const auto incarnation = number(manager, "incarnation"); incarnation > 1) {
        line += ", manager restarted at " + clock_text(time(manager, "started"), style.now);
        if (const auto why = text(manager, "previous_status"); !why.empty()) line += " (" + clean(why) + ")";
    }
    if (flag(system, "stopping"))
        line += ", " +
                paint(style, Colour::bad, "stopping, KILL in " + until_text(time(system, "stop_deadline"), style.now));
    line += '\n';
    if (const auto error = text(part(system, "config"), "error"); !error.empty())
        line += paint(style, Colour::bad, "configuration on disk is not in force: ") + clean(error) + '\n';
    else if (const json& files = part(part(system, "config"), "differs_on_disk"); files.is_array() && !files.empty())
        line += "configuration on disk differs from the one in force: " + clean(text(files[0], "path")) +
                (files.size() > 1 ? " and " + std::to_string(files.size() - 1) + " more" : "") +
                "; see processctl plan\n";
    for (const json& aside : part(part(system, "config"), "transient_set_aside"))
        line += paint(style, Colour::bad, "transient service " + clean(text(aside, "service")) + " is not in force") +
                ": " + clean(text(aside, "reason")) + '\n';
    return line + logs_trouble(system, style);
}

std::string service_why(const json& service, const Style& style)
{
    const auto state = text(service, "state");
    std::vector<std::string> parts;
    const auto add = [&](std::string more) {
        if (!more.empty()) parts.push_back(std::move(more));
    };
    const auto reason = clean(text(service, "reason"));
    const auto sentence = clean(text(part(service, "last"), "sentence"));
    const auto waits = texts(service, "waits_for");
    if (const json& held = part(service, "held"); held.is_object()) add("held by " + clean(text(held, "by")));
    if (state == "ready") {
        if (const auto announced = text(service, "announced"); !announced.empty())
            add("it says that it is " + clean(announced));
        add(clean(text(service, "status_text")));
        for (const auto& check : part(service, "checks")) {
            const auto failures = number(check, "failures");
            const auto what = clean(text(check, "target")) + ": " + clean(text(check, "problem"));
            if (text(check, "state") == "failing")
                add("check " + clean(text(check, "name")) + " fails: " + what);
            else if (failures > 0)
                add("check " + clean(text(check, "name")) + " failed " + std::to_string(failures) + " of " +
                    counted(number(check, "threshold"), "time") + ": " + what);
        }
    } else {
        if (!waits.empty()) add("waits for " + clean(joined(waits)));
        if ((waits.empty() || !reason.starts_with("waits for")) && !reason.starts_with("it is held"))
            add(reason.substr(0, reason.find(", restart after ")));
        if (in_trouble(service) && !sentence.empty() && reason.find(sentence) == std::string::npos)
            add("last: " + sentence);
        if (state == "starting") add(clean(text(service, "status_text")));
        add(next_text(service, style));
    }
    if (const auto stuck = texts(service, "stuck"); !stuck.empty()) add("stuck: pid " + joined(stuck));
    if (flag(service, "removed")) add("no longer configured");
    if (const auto changed = texts(service, "changed_keys"); !changed.empty())
        add("new " + clean(joined(changed)) + " from the next start on");
    return joined(parts, "; ");
}

namespace {

std::string shown_name(const json& service)
{
    return clean(text(service, "name")) + (part(service, "transient").is_object() ? " (transient)" : "");
}

} // namespace

std::string service_table(const json& services, const Style& style)
{
    if (!services.is_array() || services.empty()) return "no services are configured\n";
    Table table({{"SERVICE", false, 16}, {"STATE"}, {"SINCE", true}, {"PID", true}, {"RESTARTS", true}, {"WHY"}});
    for (const auto& service : services) {
        const auto state = text(service, "state");
        const auto pid = number(part(service, "main"), "pid");
        const auto restarts = number(service, "restarts");
        const bool trouble = in_trouble(service);
        const bool unwanted = state == "stopped" && text(service, "wanted") == "up";
        table.row({{shown_name(service), Colour::plain},
                   {clean(state), unwanted ? Colour::busy : state_colour(state)},
                   {age_text(time(service, "since"), style.now), Colour::plain},
                   {pid > 0 ? std::to_string(pid) : "-", Colour::plain},
                   {std::to_string(restarts), restarts > 0 ? Colour::busy : Colour::plain},
                   {service_why(service, style), trouble ? Colour::bad : Colour::plain}});
        if (!trouble) continue;
        for (auto& line : last_lines(service, overview_lines, style)) table.below(std::move(line));
    }
    return table.print(style);
}

std::string last_end(const json& service, const Style& style)
{
    const json& last = part(service, "last");
    if (!last.is_object()) return {};
    std::string result = clean(text(last, "sentence")) + ", " + age_text(time(last, "ended"), style.now) +
                         " ago, run " + clean(text(last, "run")) + '\n';
    for (const auto& line : last_lines(service, 10, style))
        result += "    " + paint(style, line.colour, line.text) + '\n';
    return result;
}

std::string service_page(const json& service, const Style& style)
{
    const auto state = text(service, "state");
    std::string result = paint(style, Colour::bold, clean(text(service, "name"))) + " is " +
                         paint(style, state_colour(state), clean(state)) + " since " +
                         clock_text(time(service, "since"), style.now) + " (" +
                         age_text(time(service, "since"), style.now) + ")\n";
    Page page;
    page.item("why", service_why(service, style));
    page.item("wanted", clean(text(service, "wanted")) +
                            (text(service, "start") == "auto" ? "; starts with the daemon" : "; starts when asked"));
    if (const json& transient = part(service, "transient"); transient.is_object())
        page.item("transient", "declared by " + clean(text(transient, "by")) + " at " +
                                   clock_text(time(transient, "since"), style.now) + ", until the daemon ends");
    page.item("command", command_text(texts(service, "command")));
    if (const json& main = part(service, "main"); main.is_object())
        page.item("main", "pid " + std::to_string(number(main, "pid")) + ", up " +
                              age_text(time(main, "started"), style.now) + ", run " + clean(text(main, "run")));
    page.item("does without", clean(joined(texts(service, "reduced"))));
    if (const auto ready = time(service, "ready_since"); ready != base::WallTime{})
        page.item("ready", "since " + clock_text(ready, style.now));
    page.item("says", clean(text(service, "status_text")));
    page.item("restarts", std::to_string(number(service, "restarts")) + ", " +
                              counted(number(service, "failures"), "failure") + " in a row");
    for (const auto& check : part(service, "checks")) {
        const auto its = text(check, "state");
        const auto failures = number(check, "failures");
        page.item("check", clean(text(check, "name")) + ' ' +
                               paint(style,
                                     its == "failing" ? Colour::bad
                                     : its == "good"  ? Colour::good
                                                      : Colour::dim,
                                     its) +
                               " (" + clean(text(check, "target")) + ")" +
                               (failures > 0 ? ", " + counted(failures, "failure") +
                                                   " in a row: " + clean(text(check, "problem"))
                                             : ""));
    }
    page.item("requires", clean(joined(texts(service, "requires"))));
    page.item("binds to", clean(joined(texts(service, "binds_to"))));
    page.item("after", clean(joined(texts(service, "after"))));
    page.item("groups", clean(joined(texts(service, "service_groups"))));
    page.item("operation", clean(text(service, "operation")));
    page.item("last end", last_end(service, style));
    return result + page.print(style);
}

std::string health_lines(const json& health, const Style& style)
{
    std::string lines;
    for (const auto& problem : part(health, "problems")) {
        const auto service = clean(text(problem, "service"));
        const auto check = clean(text(problem, "check"));
        if (!service.empty())
            lines += service + (check.empty() ? " is " + clean(text(problem, "state")) : ", check " + check) + ": ";
        lines += clean(text(problem, "reason")) + '\n';
    }
    return lines.empty() ? paint(style, Colour::good, "healthy") + '\n' : lines;
}

std::string subject(const json& operation)
{
    auto service = text(operation, "service");
    return service.empty() ? "ctdb-processd" : service;
}

std::string operation_line(const json& operation, const Style& style)
{
    const auto service = clean(subject(operation));
    const auto action = clean(text(operation, "action"));
    const auto reason = clean(text(operation, "reason"));
    const auto result = text(operation, "result");
    std::string line;
    if (text(operation, "state") != "done") {
        line = action + " of " + service + " goes on";
    } else if (result == "ok") {
        const auto took = time(operation, "ended") - time(operation, "created");
        line = service + ' ' + paint(style, Colour::good, past(action)) + " in " + span_text(took);
    } else {
        line = action + " of " + service + ' ' + paint(style, Colour::bad, clean(result));
    }
    if (const auto dependents = texts(operation, "dependents"); !dependents.empty())
        line += ", and with it " + clean(joined(dependents)) +
                (dependents.size() == 1 ? ", which needs it" : ", which need it");
    if (!reason.empty()) line += ": " + reason;
    if (const auto survivors = texts(operation, "survivors"); !survivors.empty())
        line += "; survived: pid " + joined(survivors);
    if (text(operation, "proof") == "sweep" && action == "stop" && result == "ok")
        line += " (nothing left as far as a sweep of the processes shows)";
    return line;
}

} // namespace processd::ctl
