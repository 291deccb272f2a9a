// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/lock/watch.h"

#include "helpers/base/thread.h"
#include "helpers/lock/stampede.h"

#include <algorithm>
#include <climits>
#include <fcntl.h>
#include <string>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <system_error>

namespace lock {
namespace {

constexpr std::size_t max_head_bytes = 256U << 20U, max_text_bytes = 64U << 20U;

std::string text_of(const std::string& path)
{
    std::string text;
    const base::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    for (char buffer[16384]; fd && text.size() < max_text_bytes;) {
        const auto n = ::read(fd.get(), buffer, sizeof(buffer));
        if (n <= 0) break;
        text.append(buffer, static_cast<std::size_t>(n));
    }
    return text;
}

std::vector<unsigned char> bytes_of(int fd, std::size_t size)
{
    std::vector<unsigned char> bytes(size);
    const auto n = ::pread(fd, bytes.data(), size, 0);
    bytes.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return bytes;
}

int milliseconds_until(std::optional<base::Time> when)
{
    if (!when) return -1;
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(*when - base::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(ms, 0, INT_MAX));
}

void sooner(std::optional<base::Time>& when, base::Time other) { when = when ? std::min(*when, other) : other; }

} // namespace

Watch::Watch(const Request& request, const Ctdbd& ctdbd, int tdb_fd, int chain, std::optional<base::Duration> threshold)
    : request_(request),
      ctdbd_(ctdbd),
      tdb_fd_(::fcntl(tdb_fd, F_DUPFD_CLOEXEC, 3)),
      chain_(chain),
      threshold_(threshold),
      began_(base::now()),
      waiter_(::gettid()),
      changed_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      reporter_(make_reporter())
{
    try {
        if (changed_) thread_ = base::helper_thread([this] { run(); });
    } catch (const std::system_error&) {
        // No thread to be had: the lock is what counts. We still obey SIGTERM.
    }
}

Watch::~Watch() { finish(); }

void Watch::change(Phase phase)
{
    phase_ = phase;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(changed_.get(), &one, sizeof(one)); // can't fail before 2^64 of them
}

void Watch::locked() { change(Phase::held); }
void Watch::released() { change(Phase::released); }

void Watch::finish()
{
    if (thread_.joinable()) thread_.join();
}

void Watch::run()
{
    using Role = Meeting::Role;
    struct stat file {};
    ::fstat(tdb_fd_, &file);
    Meeting meeting(file.st_dev, file.st_ino);
    Course course;
    std::optional<base::Time> join_at;
    if (threshold_) join_at = began_ + *threshold_;
    const auto leads = [&] { return meeting.role() == Role::leader || meeting.role() == Role::alone; };
    bool spoke = false;
    for (bool counted = true;;) { // counted: our own wait is one of course.helpers
        const Phase phase = phase_;
        if (ctdbd_.gone()) {
            if (phase == Phase::waiting) ::_exit(0);
            return;
        }
        if (phase != Phase::waiting) {
            join_at = std::nullopt;
            if (!leads()) return;
            if (counted) course = left(course);
            counted = false;
            if (course.helpers == 0) {
                if (spoke) reporter_->tell(report(Report::Moment::over, course.since, 0, course.peak));
                return;
            }
        }
        if (join_at && base::now() >= *join_at) {
            const auto role = meeting.join(began_);
            join_at = std::nullopt;
            if (role == Role::none) join_at = base::now() + Meeting::retry_after();
            if (leads()) course = begun(began_, *threshold_, base::now());
        }
        if (leads() && base::now() >= course.speak_at) {
            reporter_->tell(report(Report::Moment::waiting, course.since, course.helpers, course.peak));
            course = spoken(course, base::now());
            spoke = true;
        }
        std::optional<base::Time> wake = join_at;
        if (leads()) sooner(wake, course.speak_at);
        if (const auto recheck = ctdbd_.recheck()) sooner(wake, base::now() + *recheck);
        std::vector<pollfd> fds{{changed_.get(), POLLIN, 0}, {ctdbd_.fd(), POLLIN, 0}};
        meeting.add_to(fds);
        if (::poll(fds.data(), fds.size(), milliseconds_until(wake)) <= 0) continue;
        if (fds[0].revents != 0) {
            std::uint64_t count = 0;
            [[maybe_unused]] const auto n = ::read(changed_.get(), &count, sizeof(count));
        }
        const bool followed = meeting.role() == Role::follower;
        meeting.handle(fds, course);
        if (followed && meeting.role() == Role::none) join_at = base::now() + Meeting::retry_after();
    }
}

Report Watch::report(Report::Moment moment, base::Time since, unsigned helpers, unsigned peak) const
{
    Report report{moment, request_.path, request_.kind, request_.key, base::now() - since, helpers, peak, 0, {}};
    if (moment == Report::Moment::waiting) find_holders(report);
    return report;
}

void Watch::find_holders(Report& report) const
{
    struct stat file {};
    if (::fstat(tdb_fd_, &file) != 0) return;
    const bool waits = phase_ == Phase::waiting;
    auto [pids, in_kernel] = blockers_of(parse_proc_locks(text_of("/proc/locks")), ::getpid(), file.st_ino);
    report.in_kernel = in_kernel;
    if (const auto size = mutex_bytes(bytes_of(tdb_fd_, 168)); size != 0)
        pids = mutex_owners(bytes_of(tdb_fd_, std::min(size, max_head_bytes)), waits ? request_.kind : Kind::record,
                            waits ? chain_ : -1, waits ? waiter_ : 0);
    for (const auto pid : pids) {
        if (pid == ::getpid()) continue;
        report.holders.push_back(parse_status(pid, text_of("/proc/" + std::to_string(pid) + "/status")));
    }
}

} // namespace lock
