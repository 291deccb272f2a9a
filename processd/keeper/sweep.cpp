// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/sweep.h"

#include "processd/keeper/host.h"
#include "processd/keeper/keeper_state.h"
#include "processd/keeper/pidfd.h"
#include "processd/keeper/process.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <string_view>
#include <sys/prctl.h>
#include <unistd.h>
#include <unordered_map>
#include <unordered_set>

namespace processd::keeper {
namespace {

constexpr int exec_tries = 5;
constexpr useconds_t exec_takes_us = 2000;

enum class Word : std::int32_t { found = 1, looking_at = 2, finished = 3, not_ours = 4 };
struct Report {
    Word word;
    std::int32_t pid;
};

// The helper. It ends by _exit.
class Sweeper {
public:
    Sweeper(const SweepTask& task, int pipe)
        : task_(task), pipe_(pipe), wanted_(std::string(mark_name) + "=" + task.mark)
    {
    }

    [[noreturn]] void run()
    {
        take_snapshot();
        // What parents and session tell comes first, and is dealt with, as it cannot block.
        for (const auto& [pid, process] : processes_) classify(pid);
        report_ours();
        for (auto& [pid, kind] : kinds_)
            if (kind == Kind::stranger && processes_[pid].alive && bears_mark(pid)) kind = Kind::ours;
        find_descendants_of_ours();
        report_ours();
        for (const auto& [pid, kind] : kinds_)
            if (kind == Kind::stranger && processes_[pid].parent == task_.keeper) say(Word::not_ours, pid);
        say(Word::finished, 0);
        ::_exit(0);
    }

private:
    enum class Kind { elsewhere, stranger, ours };

    void take_snapshot()
    {
        const std::unique_ptr<DIR, int (*)(DIR*)> list{::opendir("/proc"), ::closedir};
        if (!list) ::_exit(1);
        while (const dirent* entry = ::readdir(list.get())) {
            pid_t pid = 0;
            const char* name = &entry->d_name[0];
            const char* end = name + std::strlen(name);
            if (std::from_chars(name, end, pid).ptr != end || pid == ::getpid()) continue;
            if (const auto process = look_at(pid)) processes_.emplace(pid, *process);
        }
    }

    static bool has(const std::vector<pid_t>& pids, pid_t pid)
    {
        return std::find(pids.begin(), pids.end(), pid) != pids.end();
    }

    // A process takes the kind of its parent unless something says better. Strangers are those below the keeper that no
    // living leader stands above: orphans, of which the mark may tell whose they are.
    Kind classify(pid_t pid)
    {
        if (const auto known = kinds_.find(pid); known != kinds_.end()) return known->second;
        const auto at = processes_.find(pid);
        if (at == processes_.end()) return Kind::elsewhere;
        kinds_[pid] = Kind::elsewhere; // also ends a circle, which a snapshot taken while pids change hands may show
        const auto& process = at->second;
        auto kind = Kind::elsewhere;
        if (task_.keeper == 0) {
            kind = pid == 1 ? Kind::elsewhere : Kind::stranger;
        } else if (pid != task_.keeper && !has(task_.leave_out, pid)) {
            kind = process.parent == task_.keeper ? Kind::stranger : classify(process.parent);
            const bool of_session = task_.session && task_.leader > 0 && process.session == task_.leader;
            if (kind == Kind::stranger && (pid == task_.leader || of_session || task_.everything)) kind = Kind::ours;
        }
        return kinds_[pid] = kind;
    }

    // Once the marks are known: what descends from a process of ours is ours.
    void find_descendants_of_ours()
    {
        for (bool changed = true; changed;) {
            changed = false;
            for (auto& [pid, kind] : kinds_) {
                const auto parent = kinds_.find(processes_[pid].parent);
                if (kind != Kind::stranger || parent == kinds_.end() || parent->second != Kind::ours) continue;
                kind = Kind::ours;
                changed = true;
            }
        }
    }

    bool bears_mark(pid_t pid)
    {
        if (task_.mark.empty()) return false;
        // Below the keeper it may well be this child's; one among all of the host's most likely is not.
        if (has(task_.unread, pid)) return task_.keeper != 0;
        say(Word::looking_at, pid);
        const auto path = "/proc/" + std::to_string(pid) + "/environ";
        auto text = read_small_file(path.c_str());
        // In the middle of exec a process has none for a moment, which on a busy machine may be a long one. Among all
        // of the host's are too many that never have one, the kernel's own.
        for (int i = 0; task_.keeper != 0 && i < exec_tries && text.empty(); ++i) {
            ::usleep(exec_takes_us);
            text = read_small_file(path.c_str());
        }
        say(Word::looking_at, 0);
        const bool prefix = task_.mark.back() == '.';
        for (std::size_t at = 0; at < text.size();) {
            const auto end = std::min(text.find('\0', at), text.size());
            const auto entry = std::string_view(text).substr(at, end - at);
            if (entry == wanted_ || (prefix && entry.substr(0, wanted_.size()) == wanted_)) return true;
            at = end + 1;
        }
        return false;
    }

    void report_ours()
    {
        for (const auto& [pid, kind] : kinds_)
            if (kind == Kind::ours && processes_[pid].alive && reported_.insert(pid).second) found(pid);
    }

    void found(pid_t pid)
    {
        if (task_.signal != 0 && !has(task_.unread, pid)) {
            const auto process = open_pidfd(pid);
            const auto again = look_at(pid); // after the pidfd: if it is still the same now, the pidfd is its
            if (!again || !again->alive || again->started != processes_[pid].started) return;
            if (process) send_signal(process.get(), task_.signal); // without pidfds it is for the keeper to do
        }
        say(Word::found, pid);
    }

    void say(Word word, pid_t pid) const
    {
        const Report report{word, pid};
        if (::write(pipe_, &report, sizeof report) != sizeof report) ::_exit(1); // the keeper has given up on us
    }

    const SweepTask& task_;
    int pipe_;
    std::string wanted_;
    std::unordered_map<pid_t, Process> processes_;
    std::unordered_map<pid_t, Kind> kinds_;
    std::unordered_set<pid_t> reported_;
};

} // namespace

base::Result<Sweep> Sweep::start(const SweepTask& task)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) return base::fail(errno, "pipe for a sweep");
    Sweep sweep;
    sweep.pipe_.reset(ends[0]);
    sweep.signal_ = task.signal;
    base::UniqueFd write_end{ends[1]};
    const pid_t parent = ::getpid();
    sweep.pid_ = ::fork();
    if (sweep.pid_ < 0) return base::fail(errno, "fork a sweep");
    if (sweep.pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(1);
        // A helper that blocks must not hold the keeper's sockets and pipes open.
        ::dup2(write_end.get(), STDIN_FILENO);
        if (::syscall(SYS_close_range, 3U, ~0U, 0U) != 0)
            for (int fd = 3; fd < 4096; ++fd) ::close(fd);
        Sweeper{task, STDIN_FILENO}.run();
    }
    ::fcntl(sweep.pipe_.get(), F_SETFL, O_NONBLOCK);
    return sweep;
}

bool Sweep::read()
{
    std::array<Report, 512> reports; // NOLINT: filled by read
    while (true) {
        const auto n = ::read(pipe_.get(), reports.data(), sizeof reports);
        if (n < 0) return errno != EAGAIN && errno != EINTR;
        if (n == 0) return true;
        for (std::size_t i = 0; i < static_cast<std::size_t>(n) / sizeof(Report); ++i) {
            switch (reports[i].word) {
            case Word::found: found_.push_back(reports[i].pid); break;
            case Word::not_ours: not_ours_.push_back(reports[i].pid); break;
            case Word::looking_at: looking_at_ = reports[i].pid; break;
            case Word::finished: finished_ = true; break;
            }
        }
    }
}

void Sweep::give_up() noexcept
{
    if (pid_ > 0) ::kill(pid_, SIGKILL);
}

CarriedSweep Sweep::carry() const { return {pid_, signal_, {pipe_.get()}, found_, not_ours_, looking_at_, finished_}; }

Sweep Sweep::take_up(const CarriedSweep& carried)
{
    Sweep sweep;
    sweep.pid_ = carried.pid;
    sweep.signal_ = carried.signal;
    sweep.pipe_.reset(carried.pipe.number);
    sweep.found_ = carried.found;
    sweep.not_ours_ = carried.not_ours;
    sweep.looking_at_ = carried.looking_at;
    sweep.finished_ = carried.finished;
    return sweep;
}

std::vector<pid_t> direct_children(bool* known)
{
    std::vector<pid_t> pids;
    const auto self = std::to_string(::getpid());
    const base::UniqueFd fd{
        ::open(("/proc/" + self + "/task/" + self + "/children").c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    *known = static_cast<bool>(fd);
    std::string text;
    std::array<char, 4096> buffer; // NOLINT: filled by read
    ssize_t n = 0;
    while (fd && (n = ::read(fd.get(), buffer.data(), buffer.size())) > 0)
        text.append(buffer.data(), static_cast<std::size_t>(n));
    for (const char *at = text.data(), *end = at + text.size(); at < end;) {
        pid_t pid = 0;
        const auto [next, error] = std::from_chars(at, end, pid);
        if (error != std::errc{}) break;
        pids.push_back(pid);
        at = next + 1;
    }
    return pids;
}

void signal_children(const std::vector<pid_t>& pids, int signal)
{
    bool known = false;
    for (const auto pid : direct_children(&known))
        if (std::find(pids.begin(), pids.end(), pid) != pids.end()) ::kill(pid, signal);
}

} // namespace processd::keeper
