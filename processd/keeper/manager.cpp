// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/manager.h"

#include "helpers/base/log.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace processd::keeper {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration short_life = 10s;
constexpr base::Duration good_life = 60s;
constexpr base::Duration first_delay = 100ms;
constexpr base::Duration longest_delay = 5s;
constexpr base::Duration mail_patience = 10s;
constexpr base::Duration mail_grain = 1s;
constexpr int exec_failed = 127;

// A process that glibc starts threads for must be told that clone3 does not exist where it is forbidden, or there will
// be none. Of two filters that refuse a call the newer one's errno counts. The price, no_new_privs, is none for a
// manager, which executes nothing.
void call_clone3_missing()
{
    std::array<sock_filter, 4> filter{{{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
                                       {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_clone3},
                                       {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS},
                                       {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}};
    const sock_fprog program{filter.size(), filter.data()};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

[[noreturn]] void become_manager(const Program& manager, const Options& options, int channel, pid_t keeper,
                                 const Baseline& baseline, const Abilities& abilities)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != keeper) ::_exit(exec_failed);
    ::setsid(); // signals typed at the keeper's terminal are for the keeper
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    set_session_nice(baseline.nice);
    if (const int error = abilities.error_of(protocol::ability_clone3); error != 0 && error != ENOSYS)
        call_clone3_missing();
    // The protection is the keeper's: a manager that grows is the one to be ended.
    if (baseline.oom_score_adj_before)
        write_small_file("/proc/self/oom_score_adj", std::to_string(*baseline.oom_score_adj_before));
    // The program's descriptor may have the number that the channel is to have.
    const Program program{manager.path, base::UniqueFd{::fcntl(manager.fd.get(), F_DUPFD_CLOEXEC, 4)}};
    if (channel != protocol::manager_channel_fd)
        ::dup3(channel, protocol::manager_channel_fd, 0);
    else
        ::fcntl(channel, F_SETFD, 0);
    auto words = options.directories();
    words.insert(words.begin(), "ctdb-processd-manager");
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    program.execute(arguments.data());
    base::log::error("the manager's program cannot be run",
                     {{"program", program.path}, {"reason", std::strerror(errno)}});
    ::_exit(exec_failed);
}

} // namespace

base::Duration BackOff::after(base::Duration lived)
{
    if (lived >= good_life) short_lives_ = 0;
    if (lived >= short_life || short_lives_++ == 0) return 0s;
    const int doublings = std::min(short_lives_ - 2, 10);
    return std::min<base::Duration>(first_delay * (1 << doublings), longest_delay);
}

void Mail::sent(std::uint64_t seq, base::Time now)
{
    last_ = seq;
    if (entries_.empty() || now - entries_.back().at >= mail_grain) entries_.push_back({seq, now});
}

void Mail::handled(std::uint64_t seq)
{
    // An entry covers its own seq and those up to the next entry's.
    while (entries_.size() > 1 && entries_[1].first <= seq + 1) entries_.pop_front();
    if (seq >= last_) entries_.clear();
}

std::optional<base::Time> Mail::deadline() const
{
    if (entries_.empty()) return std::nullopt;
    return entries_.front().at + mail_patience + mail_grain;
}

void Mail::forgive(base::Time now)
{
    for (auto& entry : entries_) entry.at = now;
}

base::Result<ManagerProcess> start_manager(const Program& program, const Options& options, const Baseline& baseline,
                                           const Abilities& abilities)
{
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) < 0)
        return base::fail(errno, "make a channel to the manager");
    ManagerProcess manager;
    manager.channel.reset(pair[0]);
    const base::UniqueFd theirs{pair[1]};
    const pid_t keeper = ::getpid();
    manager.pid = ::fork();
    if (manager.pid < 0) return base::fail(errno, "fork the manager");
    if (manager.pid == 0) become_manager(program, options, theirs.get(), keeper, baseline, abilities);
    manager.started = base::now();
    return manager;
}

} // namespace processd::keeper
