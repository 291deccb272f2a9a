// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/context.h"
#include "processd/api/handlers.h"
#include "processd/api/problem.h"
#include "processd/api/query.h"
#include "processd/api/run_request.h"
#include "processd/api/run_source.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace processd::api {
namespace {

using model::OutcomeKind;
using model::RunKind;
using model::RunState;
using nlohmann::json;

constexpr const char* ndjson = "application/x-ndjson";

// Every value of an enum by its name, from the enum's own name function.
template <class Enum, std::size_t count> const std::vector<std::string_view>& names()
{
    static const auto all = [] {
        std::vector<std::string_view> made;
        for (std::size_t i = 0; i < count; ++i) made.push_back(name_of(static_cast<Enum>(i)));
        return made;
    }();
    return all;
}
const auto& kind_names() { return names<RunKind, static_cast<std::size_t>(RunKind::hook) + 1>(); }
const auto& state_names() { return names<RunState, static_cast<std::size_t>(RunState::ended) + 1>(); }
const auto& outcome_names() { return names<OutcomeKind, static_cast<std::size_t>(OutcomeKind::lost) + 1>(); }

std::optional<RunState> run_state(std::string_view word)
{
    for (std::size_t i = 0; i < state_names().size(); ++i)
        if (state_names()[i] == word) return static_cast<RunState>(i);
    return std::nullopt;
}

// A long list is read and written in slices: a record takes some 50 µs, and a thousand of them at once would keep
// everybody else waiting.
struct List : std::enable_shared_from_this<List> {
    static constexpr std::size_t slice = 50;

    Context& context;
    ExchangePtr exchange;
    store::Filter filter;
    std::string after;
    std::size_t left;
    std::string text = R"({"runs":[)";

    List(Context& c, ExchangePtr e, store::Filter f, std::string a, std::size_t limit)
        : context(c), exchange(std::move(e)), filter(std::move(f)), after(std::move(a)), left(limit)
    {
    }

    void go_on()
    {
        if (!exchange->open()) return;
        const auto page = context.supervisor.runs().query(filter, after, std::min(left, slice));
        if (!page) return exchange->reply(problem(page.error()));
        for (const auto& record : page->runs) {
            if (text.back() == '}') text += ',';
            text += model::shown_text(record, false, sees_environment(exchange->request()));
        }
        left -= std::min(left, page->runs.size());
        if (page->next && left > 0) {
            after = *page->next;
            return context.later.call([self = shared_from_this()] { self->go_on(); });
        }
        text += R"(],"next":)" + (page->next ? dump(*page->next) : "null") + "}";
        exchange->reply({200, "application/json", std::move(text), {}});
    }
};

// POST and PUT: begins the run, or finds it, and answers in the way that was asked for.
void start_run(const Call& call, std::string id)
{
    Query query(call.request());
    const auto wait = query.wait();
    const auto after = query.token("after");
    if (query.problem()) return call.reply(*query.problem());
    auto run = run_request_from(call.request());
    if (!run) return call.reply(run.error());
    auto& supervisor = call.context.supervisor;
    if (supervisor.stopping() && (id.empty() || !supervisor.runs().get(id)))
        return call.reply(problem(Kind::unavailable, "the daemon is stopping"));
    if (id.empty()) run->fingerprint = 0;
    run->id = std::move(id);
    run->asked_by = asker(call.request());
    const auto started = supervisor.runs().start(*std::move(run));
    if (!started && started.error().code == base::Errc::limit)
        return call.reply(problem(Kind::limit, started.error().message(), {{"limit", supervisor.daemon().max_runs}}));
    if (!started) return call.reply(problem(started.error()));
    supervisor.runs().when_asked([&context = call.context, exchange = call.exchange, id = started->id, wait, after] {
        if (!exchange->request().accepts(ndjson))
            return context.waits.for_run(exchange, id, wait.value_or(base::Duration{}));
        exchange->stream(ndjson,
                         std::make_unique<RunSource>(
                             context, RunSource::Wanted{id, after, true, sees_environment(exchange->request())}));
    });
}

} // namespace

void list_runs(const Call& call)
{
    Query query(call.request());
    store::Filter filter;
    filter.name = query.text("name");
    filter.kind = query.word("kind", model::run_kind, kind_names());
    filter.state = query.word("state", run_state, state_names());
    filter.outcome = query.word("outcome", model::outcome_kind, outcome_names());
    filter.parent = query.text("parent");
    filter.since = query.time("since", base::wall_now());
    filter.min_duration = query.duration("min_duration");
    const auto after = query.text("after");
    const auto limit = query.number("limit", 1, 1000, 100);
    if (query.problem()) return call.reply(*query.problem());
    std::make_shared<List>(call.context, call.exchange, std::move(filter), after.value_or(""), limit)->go_on();
}

void post_run(const Call& call) { start_run(call, {}); }
void put_run(const Call& call) { start_run(call, call.parameters[0]); }

void get_run(const Call& call)
{
    Query query(call.request());
    const auto wait = query.wait();
    if (query.problem()) return call.reply(*query.problem());
    if (wait) return call.context.waits.for_run(call.exchange, call.parameters[0], *wait);
    const auto record = call.context.supervisor.runs().get(call.parameters[0]);
    if (!record) return call.reply(problem(record.error()));
    call.reply(text_reply(200, model::shown_text(*record, true, sees_environment(call.request()))));
}

void cancel_run(const Call& call)
{
    Query query(call.request());
    const auto wait = query.wait();
    if (query.problem()) return call.reply(*query.problem());
    auto& runs = call.context.supervisor.runs();
    const auto record = runs.get(call.parameters[0]);
    if (!record) return call.reply(problem(record.error()));
    if (record->kind == RunKind::service && record->state != RunState::ended)
        return call.reply(problem(Kind::conflict, "run " + record->id + " is service " + record->name +
                                                      " itself: stop the service instead"));
    const auto stopped = runs.stop(record->id, {}, "cancelled by " + sentence(asker(call.request())));
    if (!stopped) return call.reply(problem(stopped.error()));
    runs.when_asked([&context = call.context, exchange = call.exchange, id = record->id, wait] {
        context.waits.for_run(exchange, id, wait.value_or(base::Duration{}));
    });
}

void get_run_output(const Call& call)
{
    Query query(call.request());
    const auto after = query.token("after");
    const bool follow = query.flag("follow");
    if (query.problem()) return call.reply(*query.problem());
    if (const auto record = call.context.supervisor.runs().get(call.parameters[0]); !record)
        return call.reply(problem(record.error()));
    call.exchange->stream(
        ndjson, std::make_unique<RunSource>(call.context, RunSource::Wanted{call.parameters[0], after, follow,
                                                                            sees_environment(call.request())}));
}

} // namespace processd::api
