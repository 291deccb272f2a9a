// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/context.h"
#include "processd/api/handlers.h"
#include "processd/api/problem.h"
#include "processd/api/query.h"

#include <deque>
#include <nlohmann/json.hpp>

namespace processd::api {
namespace {

using nlohmann::json;

// A snapshot, then changes; after a gap a snapshot again, as changes alone would leave the reader with an old picture.
class WatchSource final : public Source {
public:
    WatchSource(Context& context, const Request& request, std::optional<output::Token> after)
        : context_(context),
          peer_(request.peer),
          access_(request.access),
          attending_(context.supervisor.changes().attend()),
          more_(context.supervisor.changes().on_more.subscribe([this] { wake(); }))
    {
        const auto newest = changes().newest();
        if (after && after->epoch == newest.epoch && changes().read(after->seq, 1)) {
            last_ = after->seq;
            return;
        }
        if (after) tell_gap(*after, after->epoch == newest.epoch ? "expired" : "restarted");
        take_snapshot();
    }

    Next pull(std::string& out, std::size_t room) override
    {
        while (!waiting_.empty()) {
            if (out.size() >= room) return Next::more;
            out += waiting_.front();
            waiting_.pop_front();
        }
        if (out.size() >= room) return Next::more;
        const auto lines = changes().read(last_, room - out.size());
        if (!lines) {
            tell_gap({changes().newest().epoch, last_}, "slow_reader");
            take_snapshot();
            return Next::more;
        }
        for (const auto& line : *lines) {
            out += line.text;
            last_ = line.seq;
        }
        return lines->empty() ? Next::later : Next::more;
    }

private:
    [[nodiscard]] supervisor::Changes& changes() const { return context_.supervisor.changes(); }

    void tell_gap(const output::Token& from, const char* reason)
    {
        waiting_.push_back(dump({{"type", "gap"},
                                 {"from", output::format_token(from)},
                                 {"to", output::format_token(changes().newest())},
                                 {"reason", reason}}) +
                           '\n');
    }

    void take_snapshot()
    {
        auto& supervisor = context_.supervisor;
        last_ = changes().newest().seq;
        const auto tell = [&](std::string_view type, const json& object) {
            waiting_.push_back(changes().line(type, object, last_));
        };
        tell("system", system_json(context_, peer_, access_));
        for (const auto& name : supervisor.services().names())
            if (const auto status = supervisor.services().status(name)) tell("service", *status);
        for (const auto& name : supervisor.jobs().names())
            if (const auto status = supervisor.jobs().status(name)) tell("job", *status);
        for (const auto& record : supervisor.runs().live()) tell("run", model::shown(record, false, false));
        for (const std::string state : {"pending", "running"}) {
            std::optional<std::string> next;
            for (const auto& operation : supervisor.operations().list(std::nullopt, state, "", SIZE_MAX, &next))
                tell("operation", operation);
        }
        tell("snapshot_end", nullptr);
    }

    Context& context_;
    const Peer peer_;
    const model::Access access_;
    supervisor::Subscription attending_, more_;
    std::deque<std::string> waiting_;
    std::uint64_t last_ = 0;
};

} // namespace

void get_watch(const Call& call)
{
    Query query(call.request());
    const auto after = query.token("after");
    if (query.problem()) return call.reply(*query.problem());
    call.exchange->stream("application/x-ndjson", std::make_unique<WatchSource>(call.context, call.request(), after));
}

} // namespace processd::api
