// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/core/helper.h"

#include "helpers/base/thread.h"
#include "mutex-helpers/core/guard.h"
#include "mutex-helpers/core/parent.h"
#include "mutex-helpers/core/process.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace mutex {
namespace {

using namespace std::chrono_literals;

void ring(int fd)
{
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);
}

// Between the main thread and the backend's.
class Desk : public Call {
public:
    // The backend's side.
    [[nodiscard]] bool wanted() const override { return wanted_; }
    [[nodiscard]] int unwanted_fd() const override { return unwanted_fd_.get(); }
    bool wait_until(base::Time when) override
    {
        pollfd unwanted{unwanted_fd_.get(), POLLIN, 0};
        while (wanted_ && base::now() < when) ::poll(&unwanted, 1, poll_timeout(when));
        return wanted_;
    }
    void renewed(base::Time valid_until) override { tell(Renewed{valid_until}); }
    void tell(Input input)
    {
        {
            const std::lock_guard lock(lock_);
            told_.push_back(std::move(input));
        }
        ring(told_fd_.get());
    }

    // The main thread's side.
    [[nodiscard]] bool usable() const { return told_fd_ && unwanted_fd_; }
    [[nodiscard]] int told_fd() const { return told_fd_.get(); }
    std::vector<Input> told()
    {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto got = ::read(told_fd_.get(), &count, sizeof count);
        const std::lock_guard lock(lock_);
        return std::exchange(told_, {});
    }
    void unwant()
    {
        wanted_ = false;
        ring(unwanted_fd_.get());
    }

private:
    base::UniqueFd told_fd_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    base::UniqueFd unwanted_fd_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::atomic<bool> wanted_{true};
    std::mutex lock_;
    std::vector<Input> told_;
};

// The whole life of the backend's thread.
void serve(Backend& backend, Desk& desk)
{
    auto answer = backend.take(desk);
    const bool took = std::holds_alternative<Took>(answer);
    if (desk.wanted()) {
        std::visit([&](auto& a) { desk.tell(std::move(a)); }, answer);
        if (took) {
            auto why = backend.hold(desk);
            if (desk.wanted())
                desk.tell(Lost{std::move(why)}); // the main thread closes standard output before we go on
            desk.wait_until(base::Time::max());
        }
    }
    if (took || !desk.wanted()) backend.let_go();
    desk.tell(LetGo{});
}

bool write_byte(Byte byte)
{
    const char c = static_cast<char>(byte);
    for (;;) {
        if (::write(STDOUT_FILENO, &c, 1) == 1) return true;
        if (errno == EAGAIN) { // somebody has made the other end, and so ours, non-blocking, and filled it
            pollfd ready{STDOUT_FILENO, POLLOUT, 0};
            ::poll(&ready, 1, 100);
        } else if (errno != EINTR) {
            return false;
        }
    }
}

base::Duration answer_within(base::Duration otherwise)
{
    const char* const text = std::getenv("CTDB_MUTEX_TIMEOUT");
    if (text == nullptr) return otherwise;
    char* rest = nullptr;
    const double seconds = std::strtod(text, &rest);
    if (rest == text || *rest != '\0' || !(seconds > 0 && seconds <= 3600)) return otherwise;
    return std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(seconds));
}

class Shell {
public:
    Shell(Backend& backend, Traits traits) : backend_(backend), traits_(std::move(traits)) {}

    [[noreturn]] void run()
    {
        const auto answer_by = base::now() + answer_within(traits_.answer_within);
        parent_ = ParentWatch::start();
        if (traits_.needs_parent && parent_.kind() == ParentWatch::Kind::init) {
            say_plain("parent == 1");
            ::_exit(1);
        }
        if (!traits_.ends_on_sigterm) take_sigterm();
        if (!desk_.usable()) end_early();
        state_ = Asking{answer_by};
        try {
            base::helper_thread([this] { serve(backend_, desk_); }).detach();
        } catch (const std::system_error&) {
            end_early();
        }
        for (;;) {
            wait();
            for (auto& input : desk_.told()) feed(input);
            if (std::exchange(sigterm_, false)) feed(AskedToEnd{});
            if (parent_gone()) feed(ParentGone{"parent gone"});
            feed(Tick{});
        }
    }

private:
    [[noreturn]] static void end_early()
    {
        say(std::string("cannot start - (") + std::strerror(errno) + ")");
        write_byte(Byte::failed);
        ::_exit(0);
    }

    void take_sigterm()
    {
        sigset_t mask;
        sigemptyset(&mask);
        sigaddset(&mask, SIGTERM);
        sigaddset(&mask, SIGINT);
        ::sigprocmask(SIG_BLOCK, &mask, nullptr);
        signals_.reset(::signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
    }

    void wait()
    {
        auto until = deadline(state_);
        if (parent_.kind() == ParentWatch::Kind::polled) {
            const auto next = base::now() + ParentWatch::period;
            until = until ? std::min(*until, next) : next;
        }
        std::array<pollfd, 3> fds{
            {{desk_.told_fd(), POLLIN, 0}, {parent_told_ ? -1 : parent_.fd(), POLLIN, 0}, {signals_.get(), POLLIN, 0}}};
        ::poll(fds.data(), fds.size(), poll_timeout(until));
        signalfd_siginfo info{};
        if (fds[2].revents != 0 && ::read(signals_.get(), &info, sizeof info) > 0) sigterm_ = true;
    }

    bool parent_gone()
    {
        if (parent_told_ || !parent_.gone()) return false;
        parent_told_ = true;
        return true;
    }

    void feed(const Input& input)
    {
        const bool was_holding = std::holds_alternative<Holding>(state_);
        auto [next, byte, text] = step(traits_.rules, state_, input, base::now());
        state_ = std::move(next);
        const auto* const holding = std::get_if<Holding>(&state_);
        // The guard before the byte: we may be stopped in between.
        if (holding != nullptr && holding->valid_until && !std::holds_alternative<Tick>(input))
            guard_.expect_end_by(*holding->valid_until);
        bool reader = true;
        if (byte) reader = write_byte(*byte);
        // End of file first, then letting go: nobody may believe in a lock that another one can already have.
        if (was_holding && holding == nullptr) ::close(STDOUT_FILENO);
        // Lines of CTDB's helpers that have no name before them.
        if (std::holds_alternative<ParentGone>(input) && !text.empty())
            say_plain(text);
        else if (!text.empty())
            say(text);
        if (const auto* ended = std::get_if<Ended>(&state_)) ::_exit(ended->exit_code);
        if (std::holds_alternative<LettingGo>(state_)) {
            desk_.unwant();
            guard_.dismiss();
        }
        if (holding == nullptr || was_holding) return;
        if (!reader) return feed(ParentGone{""});
        // Never wait for process 1: taken, answered, and let go.
        if (parent_.kind() == ParentWatch::Kind::init) feed(ParentGone{"parent == 1"});
    }

    Backend& backend_;
    Traits traits_;
    State state_;
    Desk desk_;
    ParentWatch parent_;
    base::UniqueFd signals_;
    bool sigterm_ = false, parent_told_ = false;
    Guard guard_;
};

} // namespace

void run(Backend& backend, Traits traits)
{
    // Never destroyed: the backend's thread may be in it when the process ends.
    auto* shell = new Shell(backend, std::move(traits));
    shell->run();
}

} // namespace mutex
