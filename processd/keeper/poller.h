// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/poller.h: what the keeper waits for: descriptors and deadlines, both named by a kind and a number.
// Numbers are child ids, which are never reused, so an event for something that has just gone finds nothing by that
// name. Level triggered. With no deadline set wait() sleeps until something happens: an idle keeper makes no wake-ups.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"
#include "helpers/base/unique_fd.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <sys/epoll.h>
#include <utility>

namespace processd::keeper {

enum class Source : std::uint8_t {
    signals,
    channel,
    status,
    out,
    err,
    ready,
    notify,
    ancestor,
    cgroup,
    sweep,
    survivor,
    upgrade
};

struct Event {
    Source source;
    std::uint64_t id;
    std::uint32_t events; // EPOLL*
};

class Poller {
public:
    static base::Result<Poller> make();

    // 0 or an errno.
    [[nodiscard]] int add(int fd, std::uint32_t events, Source source, std::uint64_t id = 0) noexcept;
    void change(int fd, std::uint32_t events, Source source, std::uint64_t id = 0) noexcept;
    // To be called before close(): a child between clone and exec may still hold the description, and events with it.
    void remove(int fd) noexcept;

    // What has happened, at once if anything has, else after sleeping until the deadline. Empty when it has passed.
    std::span<const Event> wait(std::optional<base::Time> deadline);

private:
    explicit Poller(base::UniqueFd fd) noexcept : fd_(std::move(fd)) {}

    base::UniqueFd fd_;
    std::array<epoll_event, 64> raw_{};
    std::array<Event, 64> events_{};
};

enum class Timer : std::uint8_t {
    spawn_timeout, // of a child between clone and exec
    emptying,      // look again whether a child's tree is gone
    sweep,         // a sweeping helper has taken too long
    mail,          // the manager has left mail unread
    manager_start, // back-off is over
    manager_ends,  // the manager has closed its channel, but has not ended
    starts,        // children that have begun are looked at, and told to the manager
    send_again,    // the channel took nothing though it was ready
    stop,          // the next step of the orderly stop
    upgrade,       // the new program's check, or the manager's end before it, takes too long
};

class Timers {
public:
    void set(Timer timer, std::uint64_t id, base::Time at);
    void cancel(Timer timer, std::uint64_t id);
    [[nodiscard]] std::optional<base::Time> next() const;
    [[nodiscard]] std::optional<base::Time> when(Timer timer, std::uint64_t id) const;
    // One that is due, taken out.
    std::optional<std::pair<Timer, std::uint64_t>> due(base::Time now);

private:
    using Key = std::pair<Timer, std::uint64_t>;
    std::map<Key, base::Time> when_;
    std::set<std::pair<base::Time, Key>> order_;
};

} // namespace processd::keeper
