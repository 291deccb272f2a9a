// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/waits.h"

#include "processd/api/context.h"
#include "processd/api/problem.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace processd::api {
namespace {

// Takes out those who wait for an id before any is answered.
template <class Waiting> std::vector<ExchangePtr> take(Waiting& waiting, const std::string& id)
{
    std::vector<ExchangePtr> taken;
    const auto [begin, end] = waiting.equal_range(id);
    for (auto at = begin; at != end; ++at) taken.push_back(at->second.exchange);
    waiting.erase(begin, end);
    return taken;
}

} // namespace

Waits::Waits(loop::Loop& loop, supervisor::Runs& runs, supervisor::Operations& operations)
    : runs_(runs),
      operations_(operations),
      timer_(loop, [this] { expire(base::now()); }),
      run_ended_(runs.on_change.subscribe([this](const model::RunRecord& record, supervisor::Moment moment) {
          if (moment != supervisor::Moment::ended && moment != supervisor::Moment::closed) return;
          for (const auto& exchange : take(for_runs_, record.id))
              exchange->reply(text_reply(200, model::shown_text(record, true, sees_environment(exchange->request()))));
          disarm_if_idle();
      })),
      operation_done_(operations.on_change.subscribe([this](const supervisor::Operation& operation) {
          if (operation.state != "done") return;
          for (const auto& exchange : take(for_operations_, operation.id)) exchange->reply(json_reply(200, operation));
          disarm_if_idle();
      }))
{
}

void Waits::for_run(const ExchangePtr& exchange, const std::string& id, base::Duration wait)
{
    const auto record = runs_.get(id);
    if (!record || record->state == model::RunState::ended || wait == base::Duration{})
        return reply_run(exchange, id, 202);
    add(for_runs_, exchange, id, wait);
}

void Waits::for_operation(const ExchangePtr& exchange, const std::string& id, base::Duration wait)
{
    const auto operation = operations_.get(id);
    if (!operation || operation->state == "done" || wait == base::Duration{}) return reply_operation(exchange, id, 202);
    add(for_operations_, exchange, id, wait);
}

void Waits::reply_run(const ExchangePtr& exchange, const std::string& id, int status_while_unfinished) const
{
    const auto record = runs_.get(id);
    if (!record) return exchange->reply(problem(record.error()));
    const int status = record->state == model::RunState::ended ? 200 : status_while_unfinished;
    exchange->reply(text_reply(status, model::shown_text(*record, true, sees_environment(exchange->request()))));
}

void Waits::reply_operation(const ExchangePtr& exchange, const std::string& id, int status_while_unfinished) const
{
    const auto operation = operations_.get(id);
    if (!operation) return exchange->reply(problem(operation.error()));
    exchange->reply(json_reply(operation->state == "done" ? 200 : status_while_unfinished, *operation));
}

void Waits::add(Waiting& waiting, const ExchangePtr& exchange, const std::string& id, base::Duration wait)
{
    waiting.emplace(id, Wait{exchange, base::now() + wait});
    exchange->on_closed([this, &waiting, id, key = exchange.get()] {
        const auto [begin, end] = waiting.equal_range(id);
        const auto found = std::find_if(begin, end, [&](const auto& w) { return w.second.exchange.get() == key; });
        if (found != end) waiting.erase(found);
        disarm_if_idle();
    });
    arm();
}

void Waits::let_go() { expire(base::Time::max()); }

void Waits::expire(base::Time now)
{
    const auto due = [&](Waiting& waiting) {
        std::vector<std::pair<std::string, ExchangePtr>> taken;
        for (auto at = waiting.begin(); at != waiting.end();)
            if (at->second.until <= now) {
                taken.emplace_back(at->first, at->second.exchange);
                at = waiting.erase(at);
            } else {
                ++at;
            }
        return taken;
    };
    for (const auto& [id, exchange] : due(for_runs_)) reply_run(exchange, id, 202);
    for (const auto& [id, exchange] : due(for_operations_)) reply_operation(exchange, id, 202);
    arm();
}

void Waits::disarm_if_idle()
{
    if (for_runs_.empty() && for_operations_.empty() && timer_.armed()) timer_.cancel();
}

void Waits::arm()
{
    auto next = base::Time::max();
    for (const auto* waiting : {&for_runs_, &for_operations_})
        for (const auto& [id, wait] : *waiting) next = std::min(next, wait.until);
    if (next == base::Time::max())
        timer_.cancel();
    else
        timer_.at(next);
}

} // namespace processd::api
