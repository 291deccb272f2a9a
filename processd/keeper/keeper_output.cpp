// SPDX-License-Identifier: GPL-3.0-or-later
// What children say: output into their rings, readiness, notifications.
#include "helpers/base/log.h"
#include "processd/keeper/keeper.h"
#include "processd/keeper/sockets.h"

#include <algorithm>
#include <cstring>
#include <sys/ioctl.h>
#include <unistd.h>

namespace processd::keeper {

using protocol::Stream;

namespace {

constexpr std::uint64_t most_extended_us = 24ULL * 3600 * 1'000'000;
constexpr int reads_a_turn = 2; // of one pipe, then others have theirs: epoll rotates what stays readable

} // namespace

// until_drained: what is in the pipe at this moment, all of it, and end of file; a writer that goes on can't keep us
// here.
void Keeper::read_output(Child& child, Stream stream, bool until_drained)
{
    auto& pipe = stream == Stream::out ? child.out : child.err;
    int limit = static_cast<int>(buffer_.size()) * reads_a_turn;
    while (pipe && limit > 0) {
        const auto n = ::read(pipe.get(), buffer_.data(), buffer_.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) // no pipe does that; holding on to it would only make the poller spin
            base::log::error("a child's output cannot be read any more", {{"child", child.id()}, {"errno", errno}});
        if (n <= 0) return close_output(child, stream);
        if (until_drained) {
            limit = 0;
            ::ioctl(pipe.get(), FIONREAD, &limit);
            ++limit; // to see end of file
            until_drained = false;
        } else {
            limit -= static_cast<int>(n);
        }
        if (child.ring) {
            const std::string_view data{buffer_.data(), static_cast<std::size_t>(n)};
            child.ring.writer().append(stream, data, base::to_ns(base::now()), base::to_ns(base::wall_now()));
            if (!child.notified) mark_dirty(child);
        }
        // Less than there was room for: it is empty now, and the poller will tell of more.
        if (static_cast<std::size_t>(n) < buffer_.size() && limit <= 0) return;
    }
}

void Keeper::close_output(Child& child, Stream stream)
{
    auto& pipe = stream == Stream::out ? child.out : child.err;
    poller_.remove(pipe.get());
    pipe.reset();
    if (child.out || child.err) return;
    child.set(protocol::flag_eof);
    if (!child.ended()) return; // told with its end
    mark_dirty(child);
    forget_if_gone(child);
}

void Keeper::read_readiness(Child& child)
{
    std::array<char, 512> text; // NOLINT: filled by read
    const auto n = ::read(child.ready.get(), text.data(), text.size());
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n > 0) {
        if (std::memchr(text.data(), '\n', static_cast<std::size_t>(n)) != nullptr) became_ready(child);
        return;
    }
    poller_.remove(child.ready.get());
    child.ready.reset();
}

void Keeper::read_notifications(Child& child)
{
    for (int i = 0; i < 16; ++i) {
        const auto said = read_notification(child.notify.get());
        if (!said) return;
        if (!may_notify(child, said->pid, said->uid)) {
            base::log::warning("a notification from a process that is not the child's was dropped",
                               {{"child", child.id()}, {"label", child.label}, {"pid", said->pid}, {"uid", said->uid}});
            continue;
        }
        if (said->main_pid) main_named(child, *said);
        if (said->ready) {
            child.clear(protocol::flag_reloading);
            became_ready(child);
        }
        if (said->reloading) child.set(protocol::flag_reloading);
        if (said->trouble) child.set(protocol::flag_trouble);
        if (said->extend_us > 0)
            child.state.extend_mono_ns = base::to_ns(base::now()) +
                                         static_cast<std::int64_t>(std::min(said->extend_us, most_extended_us) * 1000);
        if (said->watchdog) child.state.watchdog_mono_ns = base::to_ns(base::now());
        if (said->stopping) child.set(protocol::flag_stopping);
        if (said->status) {
            child.state.status.fill('\0');
            const auto size = std::min(said->status->size(), child.state.status.size() - 1);
            std::memcpy(child.state.status.data(), said->status->data(), size);
        }
        mark_dirty(child);
    }
}

// Unset where that cannot be looked at: without cgroups, or when it has ended (systemd-notify does at once).
std::optional<bool> Keeper::is_in_cgroup_of(const Child& child, pid_t pid) const
{
    if (!child.group || pid <= 0) return std::nullopt;
    const auto text = read_small_file(("/proc/" + std::to_string(pid) + "/cgroup").c_str());
    const auto at = text.find("0::");
    if (at == std::string::npos || (at != 0 && text[at - 1] != '\n')) return std::nullopt;
    const auto line = text.substr(at, text.find('\n', at) - at) + "/";
    const auto& all = setup_.cgroups.path();
    return line.find(all.substr(all.rfind('/')) + "/" + child.group.name + "/") != std::string::npos;
}

// By cgroup, else the sender's uid decides.
bool Keeper::may_notify(const Child& child, pid_t pid, uid_t uid) const
{
    return is_in_cgroup_of(child, pid).value_or(uid == 0 || uid == child.uid);
}

void Keeper::became_ready(Child& child)
{
    if (child.has(protocol::flag_ready)) return;
    child.set(protocol::flag_ready);
    child.state.ready_mono_ns = base::to_ns(base::now());
    mark_dirty(child);
}

} // namespace processd::keeper
