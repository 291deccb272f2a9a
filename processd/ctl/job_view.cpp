// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/job_view.h"

#include "helpers/base/duration.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/page.h"
#include "processd/ctl/service_view.h"
#include "processd/ctl/table.h"

#include <nlohmann/json.hpp>

namespace processd::ctl {
namespace {

using nlohmann::json;

std::string triggers_text(const json& job)
{
    std::vector<std::string> all;
    if (const auto every = maybe_number(job, "every_ms"))
        all.push_back("every " + base::format_duration(std::chrono::milliseconds{*every}));
    if (const auto paths = texts(job, "on_change"); !paths.empty()) all.push_back("on change of " + joined(paths));
    if (const auto edges = texts(job, "on"); !edges.empty()) {
        const auto of = texts(job, "of");
        all.push_back("on " + joined(edges) + (of.empty() ? "" : " of " + joined(of)));
    }
    return clean(all.empty() ? "on demand" : joined(all, "; "));
}

Colour state_colour(const std::string& state) { return state == "idle" ? Colour::dim : Colour::busy; }

Cell last_cell(const json& job, const Style& style)
{
    const json& last = part(job, "last");
    if (!last.is_object()) return {"never ran", Colour::dim};
    const bool good = flag(last, "good");
    return {clean(text(last, "sentence")) + ", " + age_text(time(last, "ended"), style.now) + " ago",
            good ? Colour::good : Colour::bad};
}

} // namespace

std::string job_table(const json& jobs, const Style& style)
{
    if (!jobs.is_array() || jobs.empty()) return "no jobs and no hooks are configured\n";
    Table table(
        {{"NAME"}, {"KIND"}, {"STATE"}, {"NEXT"}, {"LAST", false, 20}, {"RUNS", true}, {"FAILED", true}, {"TRIGGERS"}});
    for (const auto& job : jobs) {
        const auto state = text(job, "state");
        const auto next = time(job, "next");
        const auto failures = number(job, "failures");
        table.row({{clean(text(job, "name")), Colour::bold},
                   {clean(text(job, "kind"))},
                   {clean(state), state_colour(state)},
                   {next == base::WallTime{} ? "-" : "in " + until_text(next, style.now)},
                   last_cell(job, style),
                   {std::to_string(number(job, "runs"))},
                   {std::to_string(failures), failures > 0 ? Colour::bad : Colour::plain},
                   {triggers_text(job)}});
    }
    return table.print(style);
}

std::string job_page(const json& job, const Style& style)
{
    const auto state = text(job, "state");
    std::string result = paint(style, Colour::bold, clean(text(job, "name"))) + " is a " + clean(text(job, "kind")) +
                         " and " + paint(style, state_colour(state), clean(state)) + '\n';
    Page page;
    page.item("triggers", triggers_text(job));
    page.item("overlap", clean(text(job, "overlap")));
    page.item("command", command_text(texts(job, "command")));
    if (const auto next = time(job, "next"); next != base::WallTime{})
        page.item("next", clock_text(next, style.now) + ", in " + until_text(next, style.now));
    for (const auto& running : part(job, "running"))
        page.item("running", "since " + clock_text(time(running, "started"), style.now) + ", run " +
                                 clean(text(running, "run")) + ": " + clean(text(running, "cause")));
    for (const auto& pending : part(job, "pending")) {
        const auto at = time(pending, "not_before");
        page.item("pending",
                  clean(text(pending, "cause")) +
                      (at == base::WallTime{} ? ", after the present run" : ", in " + until_text(at, style.now)));
    }
    page.item("runs", std::to_string(number(job, "runs")) + ", " + std::to_string(number(job, "failures")) +
                          " failed, " + std::to_string(number(job, "skipped")) + " skipped");
    page.item("last cause", clean(text(part(job, "last"), "cause")));
    page.item("last end", last_end(job, style));
    return result + page.print(style);
}

} // namespace processd::ctl
