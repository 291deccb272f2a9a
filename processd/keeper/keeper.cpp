// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/keeper.h"

#include "helpers/base/log.h"

#include <csignal>
#include <sys/signalfd.h>
#include <unistd.h>

namespace processd::keeper {

using namespace std::chrono_literals;

namespace {

constexpr base::Duration default_stop_budget = 90s;

} // namespace

base::Result<std::unique_ptr<Keeper>> Keeper::make(Setup setup)
{
    auto poller = Poller::make();
    if (!poller) return tl::unexpected(poller.error());
    auto steps = StepSlots::make();
    if (!steps) return tl::unexpected(steps.error());
    sigset_t watched;
    sigemptyset(&watched);
    for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&watched, number);
    base::UniqueFd signals{::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!signals) return base::fail(errno, "create a signalfd");
    if (const int error = poller->add(signals.get(), EPOLLIN, Source::signals); error != 0)
        return base::fail(error, "wait for signals");
    return std::unique_ptr<Keeper>(
        new Keeper(std::move(setup), std::move(*poller), std::move(*steps), std::move(signals)));
}

Keeper::Keeper(Setup setup, Poller poller, StepSlots steps, base::UniqueFd signals)
    : setup_(std::move(setup)),
      poller_(std::move(poller)),
      steps_(std::move(steps)),
      cloner_(&setup_.abilities, setup_.baseline.has_pidfd),
      signals_(std::move(signals)),
      started_(base::now()),
      started_wall_(base::wall_now()),
      boot_id_(boot_id()),
      stop_budget_(default_stop_budget)
{
    upgrade_.failure = setup_.came_back;
}

int Keeper::run()
{
    if (taken_up_)
        reap(); // who ended meanwhile
    else
        log_missing(setup_.abilities, setup_.cgroups.why_not());
    start_next_manager();
    while (!finished_) {
        flush();
        prepare_parts();
        for (const auto& event : poller_.wait(timers_.next())) handle(event);
        // Deadlines come after events: what has arrived in time counts, even if we come late to see it.
        const auto now = base::now();
        while (const auto due = timers_.due(now)) handle_timer(due->first, due->second);
        if (stopping_ == Stopping::leaving || stopping_ == Stopping::killing) check_everything_gone();
        bury_the_gone();
        if (upgrade_.stage == Upgrade::Stage::due) change_program();
    }
    return exit_code_;
}

Child* Keeper::find(std::uint64_t id)
{
    const auto found = children_.find(id);
    return found == children_.end() ? nullptr : &found->second;
}

void Keeper::handle(const Event& event)
{
    if (event.source == Source::signals) return handle_signals();
    if (event.source == Source::channel) {
        if ((event.events & EPOLLOUT) != 0 && manager_.blocked) {
            manager_.blocked = false;
            manager_.woken_in_vain = true;
            poller_.change(manager_.channel.get(), EPOLLIN, Source::channel);
        }
        return read_channel(false);
    }
    if (event.source == Source::upgrade) {
        if (!upgrade_.check.read()) poller_.remove(upgrade_.check.fd());
        return;
    }
    if (event.source == Source::sweep && event.id == 0) {
        if (!sweep_all_ || !sweep_all_.read()) return;
        sweep_all_clean_ = sweep_all_.finished() && sweep_all_.found().empty();
        if (!setup_.baseline.has_pidfd) signal_children(sweep_all_.found(), sweep_all_.signal());
        poller_.remove(sweep_all_.fd());
        sweep_all_ = {};
        return;
    }
    Child* const child = find(event.id);
    if (child == nullptr) return; // gone earlier in this turn
    switch (event.source) {
    case Source::status: return read_status(*child);
    case Source::out: return read_output(*child, protocol::Stream::out, false);
    case Source::err: return read_output(*child, protocol::Stream::err, false);
    case Source::ready: return read_readiness(*child);
    case Source::notify: return read_notifications(*child);
    case Source::ancestor: return wait_for_parents(*child);
    case Source::cgroup: return tree_may_have_changed(*child);
    case Source::survivor: return advance_emptying(*child);
    case Source::sweep:
        if (child->sweep && child->sweep.read()) end_sweep(*child);
        return;
    case Source::signals:
    case Source::channel:
    case Source::upgrade: return;
    }
}

void Keeper::handle_timer(Timer timer, std::uint64_t id)
{
    Child* const child = find(id);
    switch (timer) {
    case Timer::spawn_timeout:
        if (child != nullptr) spawn_timed_out(*child);
        return;
    case Timer::emptying:
        if (child != nullptr) advance_emptying(*child);
        return;
    case Timer::sweep:
        if (child != nullptr && child->sweep) end_sweep(*child);
        return;
    case Timer::mail: return manager_mail_late();
    case Timer::manager_start: return start_next_manager();
    case Timer::manager_ends: return break_with_manager("it has closed the channel and does not end");
    case Timer::starts: return look_at_starts();
    case Timer::send_again: manager_.blocked = false; return;
    case Timer::stop: return stop_timer();
    case Timer::upgrade: return upgrade_late();
    }
}

void Keeper::handle_signals()
{
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
        switch (info.ssi_signo) {
        case SIGCHLD: break; // one stands for many: all are reaped below
        case SIGHUP:
            base::log::info("got SIGHUP: the configuration is to be read again, and log files opened again",
                            {{"by_uid", info.ssi_uid}, {"by_pid", info.ssi_pid}});
            reload_unsent_ = true;
            break;
        default:
            base::log::info("told to stop",
                            {{"signal", info.ssi_signo}, {"by_uid", info.ssi_uid}, {"by_pid", info.ssi_pid}});
            request_stop(true);
            break;
        }
    }
    reap();
}

} // namespace processd::keeper
