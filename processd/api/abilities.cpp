// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/abilities.h"

#include "processd/api/problem.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace processd::api {
namespace {

constexpr base::Duration patience = std::chrono::seconds{30};
constexpr std::size_t longest_answer = 128 * 1024;

} // namespace

Abilities::Abilities(supervisor::Supervisor& supervisor, std::string program)
    : supervisor_(supervisor),
      program_(std::move(program)),
      run_ended_(
          supervisor.runs().on_change.subscribe([this](const model::RunRecord& record, supervisor::Moment moment) {
              if (moment == supervisor::Moment::ended && record.id == run_) ended(record);
          }))
{
}

void Abilities::answer(const ExchangePtr& exchange)
{
    waiting_.push_back(exchange);
    if (run_.empty()) ask();
}

void Abilities::ask()
{
    asking_ = std::exchange(waiting_, {});
    supervisor::RunRequest run;
    run.kind = model::RunKind::lookup;
    run.name = "abilities";
    run.process.command = {program_};
    for (auto& word : supervisor_.ability_words()) run.process.command.push_back(std::move(word));
    run.timeout = patience;
    const auto started = supervisor_.runs().start(std::move(run));
    if (started) {
        run_ = started->id;
        return;
    }
    for (const auto& exchange : std::exchange(asking_, {})) exchange->reply(problem(started.error()));
}

void Abilities::ended(const model::RunRecord& record)
{
    std::string text;
    if (const auto output = supervisor_.runs().open_output(record.id, 0))
        for (const auto& piece : output->tail(longest_answer, 0))
            if (piece.stream == "stdout") text += piece.data;
    const auto asking = std::exchange(asking_, {});
    run_.clear();
    if (!waiting_.empty()) ask();
    const bool good = record.outcome && record.outcome->success() && nlohmann::json::accept(text);
    const auto why = record.outcome ? model::sentence(program_, *record.outcome, record.reason) : program_;
    for (const auto& exchange : asking) exchange->reply(good ? text_reply(200, text) : problem(Kind::internal, why));
}

} // namespace processd::api
