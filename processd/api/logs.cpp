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
constexpr std::size_t scan_per_read = 256 * 1024; // looked at in one turn of the loop

struct Wanted {
    output::LogFilter filter;
    std::optional<output::Token> after;
    std::size_t limit = 100;
};

// There is no index by time: whoever asks since when begins at the oldest line.
output::Follower follower_for(const output::LogStore& logs, const Wanted& wanted)
{
    return logs.follow(wanted.filter, wanted.after, wanted.filter.since ? output::all_lines : wanted.limit);
}

class FollowedLogs final : public Source {
public:
    FollowedLogs(Context& context, const Wanted& wanted)
        : context_(context), follower_(follower_for(context.supervisor.logs(), wanted))
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
        const auto read = logs.read(follower_, lines_per_read, room, context_.supervisor.daemon().stream_backlog_bytes,
                                    scan_per_read);
        if (read.gap) out += dump(output::to_json(*read.gap)) + '\n';
        for (const auto& line : read.lines) output::append_ndjson(out, line, logs.epoch());
        return read.more ? Next::more : Next::later;
    }

private:
    Context& context_;
    output::Follower follower_;
    supervisor::Subscription output_, change_;
};

// {"lines":[…],"next":TOKEN} of what is there now, in turns: the window may be large, and a filter may find little in
// it.
class ListedLogs final : public Source {
public:
    ListedLogs(Context& context, const Wanted& wanted)
        : context_(context), follower_(follower_for(context.supervisor.logs(), wanted)), left_(wanted.limit)
    {
        follower_.end = context.supervisor.logs().last_seq();
    }

    Next pull(std::string& out, std::size_t room) override
    {
        const auto& logs = context_.supervisor.logs();
        if (!std::exchange(begun_, true)) out += "{\"lines\":[";
        bool more = left_ > 0;
        if (more) {
            const auto read = logs.read(follower_, std::min(left_, lines_per_read), room, SIZE_MAX, scan_per_read);
            if (read.gap) element(out) += dump(output::to_json(*read.gap));
            for (const auto& line : read.lines) {
                output::append_ndjson(element(out), line, logs.epoch());
                out.pop_back(); // its newline
                last_ = line.seq;
            }
            left_ -= read.lines.size();
            more = read.more && left_ > 0;
        }
        if (more) return Next::more;
        // Behind the last line that was wanted; else behind all that was looked at.
        const auto next = left_ == 0 && last_ != 0 ? last_ : follower_.last;
        out += "],\"next\":\"" + output::format_token({logs.epoch(), next}) + "\"}";
        return Next::end;
    }

private:
    std::string& element(std::string& out)
    {
        if (std::exchange(any_, true)) out += ',';
        return out;
    }

    Context& context_;
    output::Follower follower_;
    std::size_t left_;
    std::uint64_t last_ = 0;
    bool begun_ = false, any_ = false;
};

// A service or run that never was is a mistake worth telling; one that left lines behind is not.
std::optional<Reply> unknown_name(const Call& call, const Wanted& wanted)
{
    auto& supervisor = call.context.supervisor;
    std::optional<base::Error> error;
    for (const auto& name : wanted.filter.services)
        if (const auto status = supervisor.services().status(name); !status) error = status.error();
    if (wanted.filter.run)
        if (const auto record = supervisor.runs().get(*wanted.filter.run); !record) error = record.error();
    if (!error || supervisor.logs().knows(wanted.filter)) return std::nullopt;
    return problem(*error);
}

} // namespace

void get_logs(const Call& call)
{
    Query query(call.request());
    Wanted wanted;
    std::optional<base::Error> no_group;
    if (const auto service = query.text("service"); service && service->starts_with('@')) {
        auto members = call.context.supervisor.services().members(service->substr(1));
        if (members)
            wanted.filter.services = *std::move(members);
        else
            no_group = members.error();
    } else if (service) {
        wanted.filter.services = {*service};
    }
    wanted.filter.run = query.text("run");
    const bool follow = query.flag("follow");
    wanted.limit = query.number("limit", 0, 1'000'000, 100);
    const auto now = base::wall_now();
    wanted.filter.since = query.time("since", now);
    wanted.filter.until = query.time("until", now);
    if (const auto* after = call.request().find("after")) {
        if (const auto token = output::parse_token(*after))
            wanted.after = *token;
        else if (const auto since = query.time("after", now, "a token of a line before, "))
            wanted.filter.since = std::max(wanted.filter.since.value_or(*since), *since);
    }
    if (const auto* grep = call.request().find("grep")) {
        if (auto pattern = output::LinePattern::parse(*grep))
            wanted.filter.pattern = *std::move(pattern);
        else
            query.complain("grep", "a regular expression of RE2 (" + pattern.error().context + ")");
    }
    if (follow && wanted.filter.until) query.complain("until", "left out with follow=1");
    if (query.problem()) return call.reply(*query.problem());
    if (no_group) return call.reply(problem(*no_group));
    if (auto unknown = unknown_name(call, wanted)) return call.reply(*std::move(unknown));
    if (follow)
        call.exchange->stream("application/x-ndjson", std::make_unique<FollowedLogs>(call.context, wanted));
    else
        call.exchange->stream("application/json", std::make_unique<ListedLogs>(call.context, wanted));
}

} // namespace processd::api
