// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/departure.h"

#include "helpers/base/log.h"
#include "processd/loop/keeper_client.h"
#include "processd/supervisor/journal.h"
#include "processd/supervisor/runs.h"

#include <utility>

namespace processd::supervisor {
namespace {

constexpr base::Duration leaves_after = std::chrono::milliseconds{50};
constexpr base::Duration sinks_patience = std::chrono::milliseconds{500}; // the keeper has one of 5 s with us

} // namespace

Departure::Departure(loop::Loop& loop, loop::KeeperClient& keeper, Runs& runs, Journal& journal,
                     std::function<void()> on_leave, std::function<void()> on_gone)
    : keeper_(keeper),
      runs_(runs),
      journal_(journal),
      on_leave_(std::move(on_leave)),
      on_gone_(std::move(on_gone)),
      timer_(loop, [this] { finish(); })
{
}

void Departure::begin()
{
    if (std::exchange(begun_, true)) return;
    base::log::info("the manager ends for another version");
    keeper_.stop_reading();
    (void)runs_.flush(); // what cannot be written is told to the next one again
    on_leave_();
    timer_.at(base::now() + leaves_after);
}

void Departure::finish()
{
    journal_.targets().drain(sinks_patience);
    runs_.tell_consumed();
    keeper_.when_sent(on_gone_);
}

} // namespace processd::supervisor
