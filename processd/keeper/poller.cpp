// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/poller.h"

#include <algorithm>

namespace processd::keeper {
namespace {

constexpr unsigned source_shift = 56;
constexpr std::uint64_t id_mask = (std::uint64_t{1} << source_shift) - 1;

epoll_event event_for(std::uint32_t events, Source source, std::uint64_t id)
{
    epoll_event event{};
    event.events = events;
    event.data.u64 = static_cast<std::uint64_t>(source) << source_shift | (id & id_mask);
    return event;
}

} // namespace

base::Result<Poller> Poller::make()
{
    base::UniqueFd fd{::epoll_create1(EPOLL_CLOEXEC)};
    if (!fd) return base::fail(errno, "create an epoll instance");
    return Poller{std::move(fd)};
}

int Poller::add(int fd, std::uint32_t events, Source source, std::uint64_t id) noexcept
{
    auto event = event_for(events, source, id);
    return ::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

void Poller::change(int fd, std::uint32_t events, Source source, std::uint64_t id) noexcept
{
    auto event = event_for(events, source, id);
    ::epoll_ctl(fd_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Poller::remove(int fd) noexcept
{
    if (fd >= 0) ::epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::span<const Event> Poller::wait(std::optional<base::Time> deadline)
{
    int timeout_ms = -1;
    if (deadline) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - base::now()).count();
        timeout_ms = static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
    }
    const int n = ::epoll_wait(fd_.get(), raw_.data(), static_cast<int>(raw_.size()), timeout_ms);
    std::size_t count = 0;
    for (; n > 0 && count < static_cast<std::size_t>(n); ++count) {
        const auto key = raw_[count].data.u64;
        events_[count] = {static_cast<Source>(key >> source_shift), key & id_mask, raw_[count].events};
    }
    return {events_.data(), count};
}

void Timers::set(Timer timer, std::uint64_t id, base::Time at)
{
    cancel(timer, id);
    when_.emplace(Key{timer, id}, at);
    order_.emplace(at, Key{timer, id});
}

void Timers::cancel(Timer timer, std::uint64_t id)
{
    const auto found = when_.find({timer, id});
    if (found == when_.end()) return;
    order_.erase({found->second, found->first});
    when_.erase(found);
}

std::optional<base::Time> Timers::next() const
{
    if (order_.empty()) return std::nullopt;
    return order_.begin()->first;
}

std::optional<base::Time> Timers::when(Timer timer, std::uint64_t id) const
{
    const auto found = when_.find({timer, id});
    return found == when_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::pair<Timer, std::uint64_t>> Timers::due(base::Time now)
{
    if (order_.empty() || order_.begin()->first > now) return std::nullopt;
    const auto key = order_.begin()->second;
    cancel(key.first, key.second);
    return key;
}

} // namespace processd::keeper
