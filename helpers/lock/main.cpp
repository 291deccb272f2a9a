// SPDX-License-Identifier: GPL-3.0-or-later
// ctdb_lock_helper: takes one lock of a tdb for ctdbd, which must not wait itself; a drop-in for CTDB's own. Its
// contract is docs/man/ctdb_lock_helper.8. In short: one byte on the descriptor it was given says how it went, then it
// holds the lock until SIGTERM. Two rules shape this file:
// - While it holds, it neither ends, nor closes the descriptor, nor writes a second byte before SIGTERM, unless ctdbd
// is
//   gone: ctdbd still watches the descriptor then and would abort.
// - Nothing is between the lock and the byte.
#include "helpers/base/duration.h"
#include "helpers/base/log.h"
#include "helpers/lock/ctdbd.h"
#include "helpers/lock/database.h"
#include "helpers/lock/request.h"
#include "helpers/lock/watch.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <poll.h>
#include <sched.h>
#include <string>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <variant>
#include <vector>

namespace {

using lock::Ctdbd;
using lock::Database;
using lock::Request;
using lock::Watch;

volatile std::sig_atomic_t lock_is_held = 0; // SIGTERM is blocked then, but where main waits for it
volatile std::sig_atomic_t told_to_end = 0;

// While nothing is held there is nothing to put in order: a lock that came this very moment goes with the process, a
// robust mutex's next owner is told so.
void on_sigterm(int)
{
    if (lock_is_held == 0) ::_exit(0);
    told_to_end = 1;
}

void set_signals(sigset_t& without_sigterm)
{
    struct sigaction action {};
    action.sa_handler = SIG_IGN; // a byte that nobody reads any more is an error of write(2)
    ::sigaction(SIGPIPE, &action, nullptr);
    action.sa_handler = on_sigterm;
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigemptyset(&without_sigterm); // whatever mask was inherited
    ::sigprocmask(SIG_SETMASK, &without_sigterm, nullptr);
}

void block_sigterm()
{
    sigset_t sigterm;
    ::sigemptyset(&sigterm);
    ::sigaddset(&sigterm, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &sigterm, nullptr);
}

void set_scheduler(int policy, int priority, const char* complaint = nullptr)
{
    const sched_param parameters{priority};
    if (::sched_setscheduler(0, policy, &parameters) != 0 && complaint != nullptr) std::fputs(complaint, stderr);
}

// Pipes and sockets of ctdbd's that happened to be open: in here they would only keep their other ends from seeing that
// ctdbd is gone.
void close_inherited(int keep)
{
    const auto close_range = [](unsigned first, unsigned last) {
        if (first <= last) ::syscall(SYS_close_range, first, last, 0);
    };
    const auto kept = static_cast<unsigned>(keep);
    if (kept < 3) return close_range(3, ~0U);
    close_range(3, kept - 1);
    close_range(kept + 1, ~0U);
}

bool send_result(int fd, char result)
{
    while (::write(fd, &result, 1) != 1)
        if (errno != EINTR) return false;
    return true;
}

int fail(const Request& request, const base::Error& error)
{
    send_result(request.result_fd, 1);
    std::fprintf(stderr, "locking: %s\n", error.context.c_str());
    return 1;
}

// CTDB_LOCK_HELPER_REPORT_AFTER: a duration, or "never".
std::optional<base::Duration> report_threshold()
{
    constexpr auto usual = std::chrono::seconds{5};
    const char* text = std::getenv("CTDB_LOCK_HELPER_REPORT_AFTER");
    if (text == nullptr || *text == '\0') return usual;
    if (std::string_view(text) == "never") return std::nullopt;
    if (const auto duration = base::parse_duration(text)) return *duration;
    return usual;
}

base::Result<void> wait_for_lock(Database& database)
{
    const bool urgent = std::getenv("CTDB_NOSETSCHED") == nullptr;
    if (urgent) set_scheduler(SCHED_FIFO, 1, "locking: Unable to set real-time scheduler priority\n");
    return database.wait_for_lock();
}

// Until SIGTERM, or until there is nobody any more who could send it.
void hold(const Ctdbd& ctdbd, const sigset_t& without_sigterm)
{
    const auto recheck = ctdbd.recheck();
    timespec interval{};
    if (recheck) interval.tv_sec = std::chrono::ceil<std::chrono::seconds>(*recheck).count();
    while (told_to_end == 0 && !ctdbd.gone()) {
        pollfd end{ctdbd.fd(), POLLIN, 0};
        ::ppoll(&end, 1, recheck ? &interval : nullptr, &without_sigterm);
    }
}

int run(const Request& request, const sigset_t& without_sigterm)
{
    const Ctdbd ctdbd(request.ctdbd);
    // Opening waits while another process is at it. No thread of ours watches ctdbd yet, so the kernel has to.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (ctdbd.gone()) return 0;
    auto database = Database::open(request);
    ::prctl(PR_SET_PDEATHSIG, 0);
    if (!database) return fail(request, database.error());

    // A record's lock is mostly free again by now, and then there is no reason for a thread. One for everything is
    // worth it always: trying it costs as much as taking it.
    std::optional<Watch> watch;
    bool locked = request.kind == lock::Kind::record && database->try_lock();
    if (!locked) {
        watch.emplace(request, ctdbd, database->fd(), database->chain(), report_threshold());
        if (const auto waited = wait_for_lock(*database); !waited) ::_exit(fail(request, waited.error()));
    }
    lock_is_held = 1;
    block_sigterm();
    // First the byte, then the scheduler: without real time the byte could have to wait for a processor.
    const bool wanted = send_result(request.result_fd, 0);
    if (watch) {
        set_scheduler(SCHED_OTHER, 0);
        watch->locked();
    }
    // A descriptor that nobody reads: ctdbd has given this request up, so SIGTERM is on its way or was lost.
    if (wanted) hold(ctdbd, without_sigterm);

    database->unlock();
    if (!watch) return 0;
    database->close(); // those that the watch may still stay for must not see us in it
    ::close(request.result_fd);
    watch->released();
    lock_is_held = 0; // a second SIGTERM ends us anyway
    ::sigprocmask(SIG_SETMASK, &without_sigterm, nullptr);
    watch->finish();
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    set_scheduler(SCHED_OTHER, 0);
    sigset_t without_sigterm;
    set_signals(without_sigterm);
    base::log::set_prefix("locking");
    const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    if (arguments.size() == 1 && arguments[0] == "--help") {
        std::fputs(lock::usage_text(argv[0]).c_str(), stdout);
        return 0;
    }
    const auto request = lock::parse_request(arguments);
    if (const auto* refusal = std::get_if<lock::Refusal>(&request)) {
        if (!refusal->sentence.empty()) std::fprintf(stderr, "locking: %s\n", refusal->sentence.c_str());
        std::fputs(lock::usage_text(argc > 0 ? argv[0] : "ctdb_lock_helper").c_str(), stderr);
        return 1;
    }
    const auto& wanted = std::get<Request>(request);
    close_inherited(wanted.result_fd);
    ::_exit(run(wanted, without_sigterm)); // destructors are for the lock's sake, which is gone by now
}
