// SPDX-License-Identifier: GPL-3.0-or-later
// The upgrade: the program installed now takes this one's place in the same process. Asked for by a manager; the new
// program is tried beside us (upgrade_check.h), the manager is asked to end, and at the end of a turn, with nobody to
// answer to, everything is written down and the new program executed. What goes wrong on the way is said, and all is as
// it was.
#include "helpers/base/log.h"
#include "processd/keeper/keeper.h"
#include "processd/keeper/keeper_state.h"
#include "processd/keeper/sockets.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace processd::keeper {

using namespace std::chrono_literals;
using protocol::UpgradeAnswer;

namespace {

constexpr base::Duration check_patience = 10s; // for a program that hangs, or a slow file system that it is on
constexpr base::Duration manager_leaves = 5s;

bool close_on_exec(const std::vector<int>& descriptors, bool on)
{
    return std::all_of(descriptors.begin(), descriptors.end(),
                       [&](int fd) { return ::fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) == 0; });
}

template <std::size_t Size> void copy_text(std::array<char, Size>& to, const std::string& from)
{
    std::memcpy(to.data(), from.data(), std::min(Size - 1, from.size()));
}

} // namespace

void Keeper::upgrade_asked()
{
    if (upgrade_.stage == Upgrade::Stage::checking) return; // the answer comes
    if (upgrade_.stage != Upgrade::Stage::none) return answer_upgrade(UpgradeAnswer::accepted, {});
    if (!upgrade_.failure.empty()) return answer_upgrade(UpgradeAnswer::failed, std::exchange(upgrade_.failure, {}));
    if (stopping_ != Stopping::no) return answer_upgrade(UpgradeAnswer::stopping, "the daemon is stopping");
    const auto& program = setup_.program;
    const auto file = identity_of(program);
    if (!file) return refuse_upgrade("there is no program " + program);
    const auto state = seal_state(carry());
    if (!state) return refuse_upgrade(state.error().message());
    auto check = UpgradeCheck::start(program, setup_.options, state->get(), setup_.baseline);
    if (!check) return refuse_upgrade(check.error().message());
    if (const int error = poller_.add(check->fd(), EPOLLIN, Source::upgrade); error != 0) {
        check->give_up();
        sweepers_[check->pid()] = 0; // to be reaped as our helpers are
        return refuse_upgrade("wait for the new program: " + std::string(std::strerror(error)));
    }
    base::log::info("the installed program is tried", {{"program", program}, {"pid", check->pid()}});
    upgrade_ = {Upgrade::Stage::checking, std::move(*check), *file, {}, {}};
    timers_.set(Timer::upgrade, 0, base::now() + check_patience);
}

void Keeper::refuse_upgrade(const std::string& why)
{
    base::log::warning("the upgrade is refused", {{"program", setup_.program}, {"reason", why}});
    answer_upgrade(UpgradeAnswer::refused, why);
}

void Keeper::answer_upgrade(UpgradeAnswer answer, const std::string& reason)
{
    upgrade_answer_.emplace(protocol::Upgrade{});
    upgrade_answer_->answer = answer;
    copy_text(upgrade_answer_->version, upgrade_.version);
    copy_text(upgrade_answer_->reason, reason);
}

void Keeper::upgrade_checked(int status)
{
    timers_.cancel(Timer::upgrade, 0);
    poller_.remove(upgrade_.check.fd());
    const auto verdict = upgrade_.check.verdict(status);
    upgrade_.check = {};
    upgrade_.stage = Upgrade::Stage::none;
    if (!verdict) return refuse_upgrade(setup_.program + " cannot go on from here: " + verdict.error().message());
    if (stopping_ != Stopping::no) return answer_upgrade(UpgradeAnswer::stopping, "the daemon is stopping");
    upgrade_.version = *verdict;
    base::log::info("the installed program can go on from here", {{"program", setup_.program}, {"version", *verdict}});
    answer_upgrade(UpgradeAnswer::accepted, {});
    // A manager in back-off need not be waited for: the new program starts its own.
    upgrade_.stage = manager_.pid > 0 ? Upgrade::Stage::leaving : Upgrade::Stage::due;
    if (manager_.pid > 0) timers_.set(Timer::upgrade, 0, base::now() + manager_leaves);
}

void Keeper::upgrade_late()
{
    if (upgrade_.stage == Upgrade::Stage::checking) {
        const auto limit = std::chrono::duration_cast<std::chrono::seconds>(check_patience).count();
        const auto why = setup_.program + " was tried and did not answer within " + std::to_string(limit) + " s";
        base::log::warning("the upgrade is refused", {{"reason", why}});
        abandon_upgrade(why);
    } else if (upgrade_.stage == Upgrade::Stage::leaving && manager_.pid > 0) {
        base::log::warning("the manager does not end for the upgrade; it is killed", {{"pid", manager_.pid}});
        ::kill(manager_.pid, SIGKILL); // not reaped yet, so the pid is its own
    }
}

void Keeper::abandon_upgrade(const std::string& why)
{
    if (upgrade_.stage != Upgrade::Stage::checking) return; // the manager, which gives way, is followed by another
    poller_.remove(upgrade_.check.fd());
    upgrade_.check.give_up();
    sweepers_[upgrade_.check.pid()] = 0; // reaped when it lets itself be killed
    upgrade_ = {};
    timers_.cancel(Timer::upgrade, 0);
    answer_upgrade(stopping_ == Stopping::no ? UpgradeAnswer::refused : UpgradeAnswer::stopping, why);
}

// Whether the end of the manager was the one that an upgrade waits for.
bool Keeper::manager_gave_way()
{
    if (upgrade_.stage != Upgrade::Stage::leaving || stopping_ != Stopping::no) return false;
    timers_.cancel(Timer::upgrade, 0);
    upgrade_.stage = Upgrade::Stage::due;
    return true;
}

// At the end of a turn, with no manager. Comes back if it could not be done.
void Keeper::change_program()
{
    const auto failed = [&](const std::string& why) {
        base::log::error("the upgrade could not be done; everything goes on as it was", {{"reason", why}});
        upgrade_ = {};
        upgrade_.failure = why;
        start_next_manager();
    };
    timers_.cancel(Timer::manager_start, 0);
    if (stopping_ != Stopping::no) { // since it was asked for
        upgrade_ = {};
        return start_next_manager();
    }
    const auto& program = setup_.program;
    if (identity_of(program) != upgrade_.file) return failed(program + " has changed since it was tried");
    for (const auto& [id, child] : children_)
        if (child.ring)
            if (const auto writable = reopen_ring(child.ring.reader_fd()); !writable)
                return failed(writable.error().message());
    const auto state = carry();
    const auto memory = seal_state(state);
    if (!memory) return failed(memory.error().message());

    // Neither --init, as the stub stays our parent, nor --kill-leftovers.
    auto words = setup_.options.directories();
    words.insert(words.begin(), program);
    words.insert(words.end(), {"--foreground", "--take-up", std::to_string(memory->get()), "--program-before",
                               std::to_string(setup_.own_file.get())});
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    auto descriptors = descriptors_of(state);
    descriptors.push_back(memory->get());
    base::log::info("another program goes on in this process", {{"program", program},
                                                                {"version", upgrade_.version},
                                                                {"version_before", setup_.version},
                                                                {"children", children_.size()}});
    tell_parent(setup_.parent_notify, "RELOADING=1\nMONOTONIC_USEC=" + std::to_string(base::to_ns(base::now()) / 1000) +
                                          "\nSTATUS=Another version takes up the processes");
    // From here to the exec nothing is to be forked, which would inherit all that.
    int error = close_on_exec(descriptors, false) ? 0 : errno;
    if (error == 0) {
        ::execv(program.c_str(), arguments.data());
        error = errno;
    }
    close_on_exec(descriptors, true);
    tell_ready_ = true; // once the next manager serves
    failed("execute " + program + ": " + std::strerror(error));
}

} // namespace processd::keeper
