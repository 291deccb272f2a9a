// SPDX-License-Identifier: GPL-3.0-or-later
// The manager: its life, its requests, and the states it is told.
#include "helpers/base/log.h"
#include "processd/keeper/keeper.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace processd::keeper {

using namespace std::chrono_literals;
using protocol::ManagerEnd;
using protocol::SendResult;
using protocol::Type;

namespace {

constexpr int messages_a_turn = 64;
constexpr int bad_configuration = 2; // a manager's exit code
constexpr std::uint32_t vain_starts = 5;
constexpr base::Duration retry_start = 1s;
constexpr base::Duration end_expected_within = 1s; // after the end of the channel
constexpr base::Duration send_again_after = 20ms;

template <std::size_t Size> void copy_text(std::array<char, Size>& to, const std::string& from)
{
    std::memcpy(to.data(), from.data(), std::min(Size - 1, from.size()));
}

std::string describe(int status)
{
    if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
    return "exit code " + std::to_string(WEXITSTATUS(status));
}

} // namespace

void Keeper::start_next_manager()
{
    if (manager_.pid > 0 || stopping_ > Stopping::asked) return;
    auto started = start_manager(setup_.manager, setup_.options, setup_.baseline, setup_.abilities);
    if (!started || poller_.add(started->channel.get(), EPOLLIN, Source::channel) != 0) {
        base::log::error("cannot start a manager; trying again",
                         {{"reason", started ? "no memory to wait for its channel" : started.error().message()}});
        if (started) ::kill(started->pid, SIGKILL); // it counts as an orphan, and ends as one
        timers_.set(Timer::manager_start, 0, base::now() + retry_start);
        return;
    }
    manager_ = std::move(*started);
    manager_.incarnation = ++incarnation_;
    requests_.clear(); // request ids are the former manager's
    queue_.clear();
    for (auto& [id, child] : children_) {
        child.introduced = child.notified = false;
        child.state.seen = std::max(child.state.seen, child.seen);
        child.seen = child.state.consumed; // the new manager reads on from what the former one had in its sinks
        child.dirty = child.from_hello = !child.forgotten;
        if (!child.dirty) continue;
        queue_.push_back(id);
        ++manager_.hello_left;
    }
    stop_unsent_ = false;    // hello says it
    figures_unsent_ = false; // nobody has asked
    upgrade_answer_.reset(); // likewise: who has it on record asks again
    base::log::info("manager started", {{"pid", manager_.pid}, {"incarnation", incarnation_}});
}

void Keeper::reaped_manager(int status)
{
    const pid_t pid = std::exchange(manager_.pid, 0); // no longer its own
    read_channel(true);                               // what it had asked for by then is done
    poller_.remove(manager_.channel.get());
    const auto ended = std::move(manager_);
    manager_ = {};
    timers_.cancel(Timer::mail, 0);
    timers_.cancel(Timer::manager_ends, 0);
    timers_.cancel(Timer::send_again, 0);
    mail_timer_ = false;
    previous_end_ = ended.hung ? ManagerEnd::hung : ManagerEnd::ended;
    previous_status_ = status;
    if (stopping_ > Stopping::asked) return;
    const bool in_order = stopping_ == Stopping::asked && children_.empty();
    if (manager_gave_way()) return;
    base::log::warning("manager ended", {{"pid", pid}, {"how", describe(status)}, {"hung", ended.hung}});
    if (in_order) return leave();
    if (!ever_ready_ && children_.empty()) {
        if (WIFEXITED(status) && WEXITSTATUS(status) == bad_configuration && incarnation_ == 1) {
            exit_code_ = 1; // the manager has said what is wrong
            return finish();
        }
        if (incarnation_ >= vain_starts) {
            base::log::error("no manager became ready; giving up", {{"starts", incarnation_}});
            exit_code_ = 1;
            return finish();
        }
    }
    const auto delay = back_off_.after(base::now() - ended.started);
    schedule_manager(setup_.options.back_off ? delay : 0s);
}

void Keeper::schedule_manager(base::Duration delay)
{
    if (delay == 0s) return start_next_manager();
    timers_.set(Timer::manager_start, 0, base::now() + delay);
}

void Keeper::read_channel(bool all)
{
    for (int i = 0; manager_.channel && (all || i < messages_a_turn); ++i) {
        auto received = protocol::receive_message(manager_.channel.get());
        if (!received) {
            if (all) return;
            if (received.error().code != base::Errc::unavailable) return break_with_manager(received.error().message());
            poller_.remove(manager_.channel.get());
            timers_.set(Timer::manager_ends, 0, base::now() + end_expected_within);
            return;
        }
        if (!*received) return;
        handle_request(**received);
    }
}

// The manager cannot be understood: nobody can go on with it.
void Keeper::break_with_manager(std::string_view why)
{
    if (manager_.pid <= 0) return;
    poller_.remove(manager_.channel.get()); // what it still holds is read when the manager is reaped
    base::log::warning("the manager is killed", {{"pid", manager_.pid}, {"reason", std::string(why)}});
    ::kill(manager_.pid, SIGKILL); // not reaped yet, so the pid is its own
}

void Keeper::handle_request(protocol::Received& message)
{
    const auto& header = message.header;
    manager_.handled_seq = header.seq;
    manager_.mail.handled(header.read_seq);
    watch_mail();
    switch (static_cast<Type>(header.type)) {
    case Type::spawn: {
        const auto request = protocol::read_struct<protocol::Spawn>(message.body);
        if (!request || request->cookie_size != message.body.size() - sizeof *request ||
            request->cookie_size > protocol::max_cookie)
            return break_with_manager("a malformed spawn request");
        return spawn(*request, std::string_view(message.body).substr(sizeof *request), message.fds);
    }
    case Type::read: return;
    case Type::ready: return manager_is_ready();
    case Type::stopped:
        if (const auto stopped = protocol::read_struct<protocol::Stopped>(message.body);
            stopped && stopping_ == Stopping::asked) {
            if (stopped->in_order == 0) exit_code_ = 1;
            leave();
        }
        return;
    case Type::ask_stop: return request_stop(false);
    case Type::ask_figures: figures_unsent_ = true; return;
    case Type::ask_upgrade: return upgrade_asked();
    case Type::settings:
        if (const auto settings = protocol::read_struct<protocol::Settings>(message.body)) apply(*settings);
        return;
    case Type::signal:
    case Type::empty:
    case Type::watch:
    case Type::cookie:
    case Type::ack: return handle_child_request(message);
    default: return base::log::warning("the manager sent a message of unknown type", {{"type", header.type}});
    }
}

void Keeper::handle_child_request(const protocol::Received& message)
{
    // Each of these begins with the child's id.
    const auto id = protocol::read_struct<protocol::ChildId>(message.body);
    Child* const child = id ? find(*id) : nullptr;
    const auto type = static_cast<Type>(message.header.type);
    if (child == nullptr || child->forgotten) {
        base::log::debug("a request for a child that does not exist",
                         {{"type", message.header.type}, {"child", id.value_or(0)}});
        return;
    }
    if (type == Type::signal) {
        const auto request = protocol::read_struct<protocol::Signal>(message.body);
        if (!request || request->signal < 0 || request->signal >= NSIG) return;
        const auto cookie = std::string_view(message.body).substr(sizeof *request);
        if (!cookie.empty() && cookie.size() <= protocol::max_cookie) child->cookie = cookie;
        signal(*child, request->signal, request->scope);
    } else if (type == Type::watch) {
        const auto request = protocol::read_struct<protocol::Watch>(message.body);
        if (!request) return;
        child->state.consumed = request->consumed;
        child->state.consumed_counts = request->counts;
        child->seen = request->seen;
        newest_line_ = std::max(newest_line_, request->newest_line);
        child->notified = false;
        if (child->ring.head() > child->seen) mark_dirty(*child);
    } else if (type == Type::empty) {
        start_emptying(*child);
    } else if (type == Type::ack) {
        acknowledge(*child);
    } else { // cookie
        const auto request = protocol::read_struct<protocol::Child>(message.body);
        if (request && request->cookie_size <= protocol::max_cookie &&
            request->cookie_size == message.body.size() - sizeof *request)
            child->cookie = message.body.substr(sizeof *request);
    }
}

void Keeper::manager_is_ready()
{
    if (manager_.ready) return;
    manager_.ready = true;
    if (ever_ready_ && !tell_ready_) return;
    ever_ready_ = true;
    tell_ready_ = false;
    tell_parent_process(0);
}

void Keeper::watch_mail()
{
    const auto deadline = manager_.mail.deadline();
    if (deadline.has_value() == mail_timer_) return;
    mail_timer_ = deadline.has_value();
    if (deadline)
        timers_.set(Timer::mail, 0, *deadline);
    else
        timers_.cancel(Timer::mail, 0);
}

void Keeper::manager_mail_late()
{
    mail_timer_ = false;
    const auto now = base::now();
    const auto deadline = manager_.mail.deadline();
    if (!deadline || manager_.pid <= 0) return;
    // We come late ourselves (the host was suspended, or short of time): then the manager may have had no time either.
    if (*deadline <= now && now - *deadline > 1s) manager_.mail.forgive(now);
    if (manager_.mail.deadline() > now) return watch_mail();
    base::log::error("the manager leaves its mail unread: it hangs and is killed", {{"pid", manager_.pid}});
    manager_.hung = true;
    ::kill(manager_.pid, SIGKILL); // not reaped yet, so the pid is its own
}

// The state goes out at the end of the turn, once, whatever else changes until then. A start waits a little for the
// end: of a short command one message then tells all, which spares the manager from being woken twice.
void Keeper::mark_dirty(Child& child)
{
    if (child.dirty || child.forgotten) return;
    const bool begins = child.state.phase == protocol::Phase::starting || child.state.phase == protocol::Phase::running;
    if (begins && !child.introduced && child.incarnation == incarnation_) {
        look_soon(child);
        return;
    }
    child.dirty = true;
    queue_.push_back(child.id());
}

bool Keeper::send(Type type, std::initializer_list<std::string_view> parts, std::span<const int> fds)
{
    const auto result =
        protocol::send_message(manager_.channel.get(), type, manager_.sent_seq + 1, manager_.handled_seq, parts, fds);
    if (result == SendResult::sent) {
        manager_.woken_in_vain = false;
        manager_.mail.sent(++manager_.sent_seq, base::now());
        watch_mail();
        return true;
    }
    manager_.blocked = true; // until POLLOUT; a closed channel is noticed by reading it
    if (result != SendResult::again) return false;
    // A socket that is ready for writing and still takes nothing (no memory, too many descriptors in flight) would have
    // us try for ever: then time has to pass.
    if (manager_.woken_in_vain)
        timers_.set(Timer::send_again, 0, base::now() + send_again_after);
    else
        poller_.change(manager_.channel.get(), EPOLLIN | EPOLLOUT, Source::channel);
    return false;
}

void Keeper::flush()
{
    if (manager_.pid <= 0 || !manager_.channel || manager_.blocked) return;
    if (!manager_.hello_sent && !send_hello()) return;
    while (true) {
        if (manager_.hello_left == 0 && !manager_.hello_end_sent) {
            if (!send(Type::hello_end, {})) return;
            manager_.hello_end_sent = true;
        }
        if (queue_.empty()) break;
        Child* const child = find(queue_.front());
        if (child != nullptr && child->dirty && !child->forgotten && !send_state(*child)) return;
        queue_.pop_front();
    }
    if (stop_unsent_) {
        const protocol::Stop stop{base::to_ns(stop_deadline_)};
        if (!send(Type::stop, {protocol::bytes_of(stop)})) return;
        stop_unsent_ = false;
    }
    if (reload_unsent_ && send(Type::reload, {})) reload_unsent_ = false;
    if (upgrade_answer_ && send(Type::upgrade, {protocol::bytes_of(*upgrade_answer_)})) upgrade_answer_.reset();
    if (!figures_unsent_) return;
    const protocol::Figures figures{orphans_reaped_};
    figures_unsent_ = !send(Type::figures, {protocol::bytes_of(figures)});
}

bool Keeper::send_hello()
{
    protocol::Hello hello{};
    hello.epoch = setup_.epoch;
    hello.keeper_pid = setup_.baseline.pid;
    hello.incarnation = manager_.incarnation;
    hello.previous_end = previous_end_;
    hello.previous_status = previous_status_;
    hello.started_mono_ns = base::to_ns(started_);
    hello.started_wall_ns = base::to_ns(started_wall_);
    hello.proof = setup_.cgroups.usable() ? protocol::Proof::cgroup : protocol::Proof::sweep;
    hello.stopping = stopping_ == Stopping::no ? 0 : 1;
    hello.stop_deadline_ns = stopping_ == Stopping::no ? 0 : base::to_ns(stop_deadline_);
    hello.next_child_id = next_id_;
    hello.abilities = setup_.abilities.bits;
    hello.ability_errors = setup_.abilities.errors;
    hello.orphans_reaped = orphans_reaped_;
    hello.children = manager_.hello_left;
    hello.newest_line = newest_line_;
    copy_text(hello.boot_id, boot_id_);
    copy_text(hello.cgroup, setup_.cgroups.path());
    std::string controllers;
    for (const auto& name : setup_.cgroups.controllers()) controllers += (controllers.empty() ? "" : " ") + name;
    copy_text(hello.controllers, controllers);
    hello.upgrades = setup_.upgrades;
    copy_text(hello.version, setup_.version);
    const int api = setup_.api.get();
    manager_.hello_sent = send(Type::hello, {protocol::bytes_of(hello)}, {&api, 1});
    return manager_.hello_sent;
}

bool Keeper::send_state(Child& child)
{
    auto state = child.state;
    state.ring_head = child.ring.head();
    std::array<int, 2> fds{};
    std::size_t count = 0;
    std::string_view cookie;
    if (!child.introduced) {
        for (const int fd : {child.ring.reader_fd(), child.spec.get()})
            if (fd >= 0 && child.spec) fds[count++] = fd;
        if (count > 0) state.flags |= protocol::flag_has_fds;
        if (child.from_hello) {
            cookie = child.cookie;
            state.flags |= protocol::flag_has_cookie;
            state.cookie_size = static_cast<std::uint32_t>(cookie.size());
        }
    }
    if (!send(Type::child, {protocol::bytes_of(state), cookie}, {fds.data(), count})) return false;
    if (child.from_hello) --manager_.hello_left;
    child.from_hello = false;
    child.introduced = true;
    child.dirty = false;
    if (state.ring_head > child.seen) child.notified = true;
    return true;
}

} // namespace processd::keeper
