// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/init.h"

#include "helpers/base/log.h"
#include "helpers/base/time.h"
#include "processd/keeper/host.h"
#include "processd/keeper/instance.h"
#include "processd/keeper/sweep.h"

#include <cerrno>
#include <csignal>
#include <ctime>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace processd::keeper {
namespace {

using namespace std::chrono_literals;

constexpr int failed = 1;
constexpr int killed_by = 128;             // plus the signal, as shells and container runtimes have it
constexpr auto kill_patience = 5s;         // for what the keeper has left
constexpr auto look_again = 20ms;          // whether it has gone
constexpr int reap_any = WNOHANG | __WALL; // orphans may have been cloned without SIGCHLD

// Reaps all that have ended; the wait status of the keeper if it is among them.
std::optional<int> reap(pid_t keeper)
{
    std::optional<int> ended;
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, reap_any)) > 0;)
        if (pid == keeper) ended = status;
    return ended;
}

// With the keeper gone its processes are our children. As process 1 this is the kernel's work, which does it when we
// end.
void kill_the_rest()
{
    if (::getpid() == 1) return;
    const auto deadline = base::now() + kill_patience;
    while (true) {
        bool known = false;
        const auto left = direct_children(&known);
        for (const auto pid : left) ::kill(pid, SIGKILL); // ours to reap, so the pids are their own
        while (::waitpid(-1, nullptr, reap_any) > 0) {}
        if (errno == ECHILD) return;
        if (!known || base::now() > deadline)
            return base::log::error("processes are left that do not die of SIGKILL", {{"pids", name_pids(left)}});
        const timespec pause{0, std::chrono::nanoseconds{look_again}.count()};
        ::nanosleep(&pause, nullptr);
    }
}

int exit_code(int status) { return WIFSIGNALED(status) ? killed_by + WTERMSIG(status) : WEXITSTATUS(status); }

// Everything is blocked and nothing has a handler, so each signal waits here for its turn: also one that process 1
// would not be told of by the kernel otherwise, as it ignores those it takes no care of.
[[noreturn]] void be_stub(pid_t keeper)
{
    sigset_t all;
    sigfillset(&all);
    while (true) {
        const int signal = ::sigwaitinfo(&all, nullptr);
        if (signal < 0) continue; // was stopped and goes on
        if (const auto status = reap(keeper)) {
            if (WIFSIGNALED(*status)) base::log::error("the keeper was killed", {{"signal", WTERMSIG(*status)}});
            kill_the_rest();
            ::_exit(exit_code(*status));
        }
        if (const auto told = signal_for_keeper(signal)) ::kill(keeper, *told); // not reaped, so the pid is its own
    }
}

} // namespace

std::optional<int> signal_for_keeper(int signal)
{
    switch (signal) {
    case SIGTERM:
    case SIGINT:
    case SIGHUP: return signal;
    case SIGQUIT: // STOPSIGNAL of some images
    case SIGPWR:  // LXC
        return SIGTERM;
    default: return signal == SIGRTMIN + 3 ? std::optional(SIGTERM) : std::nullopt; // systemd-nspawn, Podman
    }
}

base::Result<void> go_on_below_stub()
{
    reset_signals();
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); // has no meaning for process 1, to which orphans come anyway
    const pid_t stub = ::getpid();
    const pid_t keeper = ::fork();
    if (keeper < 0) return base::fail(errno, "fork the keeper below its stub");
    if (keeper > 0) {
        base::log::set_prefix("init");
        base::log::set_time();
        ::prctl(PR_SET_NAME, "processd-init");
        (void)protect_from_oom(); // the keeper says whether it is permitted
        be_stub(keeper);
    }
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != stub) ::_exit(failed);
    ::setsid();
    return {};
}

} // namespace processd::keeper
