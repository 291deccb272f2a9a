// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/line_view.h"

#include "processd/ctl/fields.h"
#include "processd/ctl/run_view.h"
#include "processd/ctl/service_view.h"

#include <nlohmann/json.hpp>

namespace processd::ctl {
namespace {

using nlohmann::json;

std::string without_newline(std::string data)
{
    if (!data.empty() && data.back() == '\n') data.pop_back();
    return clean(data);
}

std::string stamp(base::WallTime time, const Style& style)
{
    return paint(style, Colour::dim, clock_text(time, style.now, true));
}

std::string run_change(const json& run, const Style& style)
{
    const auto ended = time(run, "ended");
    const auto started = time(run, "started");
    const bool over = text(run, "state") == "ended";
    const auto when = over && ended != base::WallTime{} ? ended
                      : started != base::WallTime{}     ? started
                                                        : time(run, "created");
    std::string line = stamp(when, style) + " run " + clean(text(run, "id")) + ' ' + clean(text(run, "name")) + " (" +
                       clean(text(run, "kind")) + "): " + outcome_text(run);
    if (const auto us = maybe_number(run, "duration_us"); over && us)
        line += " after " + span_text(std::chrono::microseconds{*us});
    if (const auto reason = text(run, "reason"); !reason.empty()) line += "; " + clean(reason);
    return line;
}

} // namespace

std::string output_line(const json& piece, const Style& style)
{
    return clock_text(time(piece, "time"), style.now, true) + (text(piece, "stream") == "stderr" ? " err " : " out ") +
           without_newline(bytes(piece));
}

std::string gap_line(const json& gap, const Style& style)
{
    const auto reason = text(gap, "reason");
    std::string line = "-- lines may be missing here: ";
    if (const auto count = maybe_number(gap, "bytes"))
        line = "-- " + size_text(static_cast<std::uint64_t>(std::max<std::int64_t>(*count, 0))) + " are missing here: ";
    if (reason == "expired")
        line += "no longer kept";
    else if (reason == "restarted")
        line += "the daemon or its manager was restarted";
    else if (reason == "slow_reader")
        line += "they came faster than they were read";
    else if (reason == "dropped")
        line += "they were overwritten before they could be read";
    else
        line += clean(reason);
    return paint(style, Colour::bad, line);
}

std::string log_line(const json& line, const Style& style)
{
    if (text(line, "type") == "gap") return gap_line(line, style);
    auto from = clean(text(line, "service"));
    if (from.empty()) from = clean(text(line, "run"));
    const bool err = text(line, "stream") == "stderr";
    return stamp(time(line, "time"), style) + ' ' + paint(style, Colour::bold, from) + (err ? "! " : ": ") +
           paint(style, err ? Colour::busy : Colour::plain, without_newline(bytes(line))) +
           (flag(line, "partial") ? "…" : "") + (flag(line, "late") ? " (late)" : "");
}

std::string watch_line(const json& line, const Style& style)
{
    const auto type = text(line, "type");
    if (type == "gap") return gap_line(line, style);
    if (type == "service") {
        const json& service = part(line, "service");
        const auto state = text(service, "state");
        const auto colour = state == "ready"                          ? Colour::good
                            : state == "failed" || state == "backoff" ? Colour::bad
                                                                      : Colour::busy;
        const auto why = service_why(service, style);
        return stamp(time(service, "since"), style) + " service " + clean(text(service, "name")) + ' ' +
               paint(style, colour, clean(state)) + (why.empty() ? "" : ": " + why);
    }
    if (type == "service_gone") return stamp(style.now, style) + " service " + clean(text(line, "name")) + " is gone";
    if (type == "job_gone") return stamp(style.now, style) + " job " + clean(text(line, "name")) + " is gone";
    if (type == "run") return run_change(part(line, "run"), style); // what a job does is in its runs
    if (type == "operation") {
        const json& operation = part(line, "operation");
        const auto ended = time(operation, "ended");
        return stamp(ended == base::WallTime{} ? time(operation, "created") : ended, style) + " operation " +
               clean(text(operation, "id")) + ' ' + operation_line(operation, style);
    }
    if (type == "system") {
        auto text = system_line(part(line, "system"), style);
        while (!text.empty() && text.back() == '\n') text.pop_back();
        return stamp(style.now, style) + ' ' + text;
    }
    return {};
}

std::string config_error(const json& error)
{
    auto where = text(error, "file");
    for (const char* key : {"line", "column"})
        if (const auto at = maybe_number(error, key)) where += ':' + std::to_string(*at);
    return where + ": " + text(error, "message");
}

} // namespace processd::ctl
