// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/context.h"
#include "processd/api/handlers.h"
#include "processd/api/problem.h"
#include "processd/api/query.h"
#include "processd/output/log_store.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace processd::api {
namespace {

using nlohmann::json;

constexpr std::size_t lines_per_read = 1000;

struct Wanted {
    output::LogFilter filter;
    std::optional<output::Token> after;
    std::optional<base::WallTime> since; // lines of this time or later
    std::size_t limit = 100;
};

output::Follower follower_for(const output::LogStore& logs, const Wanted& wanted)
{
    // A time is looked for from the oldest line on: there is no index by time, and the window is small.
    return logs.follow(wanted.filter, wanted.after, wanted.since ? SIZE_MAX : wanted.limit);
}

class LogSource final : public Source {
public:
    LogSource(Context& context, Wanted wanted)
        : context_(context), since_(wanted.since), follower_(follower_for(context.supervisor.logs(), wanted))
    {
        auto& runs = context.supervisor.runs();
        output_ = runs.on_output.subscribe([this](const std::string&) { wake(); });
        change_ = runs.on_change.subscribe([this](const model::RunRecord&, supervisor::Moment moment) {
            if (moment == supervisor::Moment::closed) wake(); // a last line without its newline is given out then
        });
    }

    Next pull(std::string& out, std::size_t room) override
    {
        const auto& logs = context_.supervisor.logs();
        const auto read = logs.read(follower_, lines_per_read, room, context_.supervisor.daemon().stream_backlog_bytes);
        if (read.gap) out += dump(output::to_json(*read.gap)) + '\n';
        for (const auto& line : read.lines)
            if (!since_ || line.time >= *since_) output::append_ndjson(out, line, logs.epoch());
        return read.more ? Next::more : Next::later;
    }

private:
    Context& context_;
    const std::optional<base::WallTime> since_;
    output::Follower follower_;
    supervisor::Subscription output_, change_;
};

Reply list(const output::LogStore& logs, const Wanted& wanted)
{
    auto follower = follower_for(logs, wanted);
    json lines = json::array();
    std::size_t count = 0;
    std::uint64_t last = follower.last;
    for (bool more = true; more && count < wanted.limit;) {
        auto read = logs.read(follower, wanted.since ? lines_per_read : wanted.limit - count, SIZE_MAX, SIZE_MAX);
        if (read.gap) lines.push_back(output::to_json(*read.gap));
        more = read.more;
        last = follower.last;
        for (const auto& line : read.lines) {
            if (wanted.since && line.time < *wanted.since) continue;
            if (count == wanted.limit) break;
            lines.push_back(output::to_json(line, logs.epoch()));
            ++count;
            last = line.seq;
        }
    }
    return json_reply(200, {{"lines", std::move(lines)}, {"next", output::format_token({logs.epoch(), last})}});
}

// A service or run that never was is a mistake worth telling; one that left lines behind is not.
std::optional<Reply> unknown_name(const Call& call, const Wanted& wanted)
{
    auto& supervisor = call.context.supervisor;
    std::optional<base::Error> error;
    if (wanted.filter.service)
        if (const auto status = supervisor.services().status(*wanted.filter.service); !status) error = status.error();
    if (wanted.filter.run)
        if (const auto record = supervisor.runs().get(*wanted.filter.run); !record) error = record.error();
    if (!error) return std::nullopt;
    auto any = supervisor.logs().follow(wanted.filter, std::nullopt, 1);
    if (!supervisor.logs().read(any, 1, SIZE_MAX, SIZE_MAX).lines.empty()) return std::nullopt;
    return problem(*error);
}

} // namespace

void get_logs(const Call& call)
{
    Query query(call.request());
    Wanted wanted;
    wanted.filter.service = query.text("service");
    wanted.filter.run = query.text("run");
    const bool follow = query.flag("follow");
    wanted.limit = query.number("limit", 0, 10'000, 100);
    if (const auto* after = call.request().find("after")) {
        if (const auto token = output::parse_token(*after))
            wanted.after = *token;
        else
            wanted.since = query.time("after", base::wall_now(), "a token of a line before, ");
    }
    if (query.problem()) return call.reply(*query.problem());
    if (auto unknown = unknown_name(call, wanted)) return call.reply(*std::move(unknown));
    if (!follow) return call.reply(list(call.context.supervisor.logs(), wanted));
    call.exchange->stream("application/x-ndjson", std::make_unique<LogSource>(call.context, std::move(wanted)));
}

} // namespace processd::api
