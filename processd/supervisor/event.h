// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/event.h: something that others want to hear of. A Subscription ends with its owner; subscribers
// may come and go, themselves included, while an event is being told.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace processd::supervisor {

class Subscription {
public:
    Subscription() = default;
    explicit Subscription(std::function<void()> end) : end_(std::move(end)) {}
    Subscription(Subscription&& other) noexcept : end_(std::exchange(other.end_, nullptr)) {}
    Subscription& operator=(Subscription&& other) noexcept
    {
        if (this != &other) {
            reset();
            end_ = std::exchange(other.end_, nullptr);
        }
        return *this;
    }
    ~Subscription() { reset(); }
    void reset()
    {
        if (auto end = std::exchange(end_, nullptr)) end();
    }

private:
    std::function<void()> end_;
};

template <class... Args> class Event {
public:
    using Fn = std::function<void(Args...)>;

    [[nodiscard]] Subscription subscribe(Fn fn)
    {
        const auto id = ++state_->last;
        state_->subscribers.emplace(id, std::make_shared<Fn>(std::move(fn)));
        return Subscription([weak = std::weak_ptr(state_), id] {
            if (const auto state = weak.lock()) state->subscribers.erase(id);
        });
    }
    void tell(Args... args) const
    {
        std::vector<std::uint64_t> ids;
        ids.reserve(state_->subscribers.size());
        for (const auto& entry : state_->subscribers) ids.push_back(entry.first);
        for (const auto id : ids) {
            const auto found = state_->subscribers.find(id);
            if (found == state_->subscribers.end()) continue;
            const auto fn = found->second; // keeps it alive while it unsubscribes itself
            (*fn)(args...);
        }
    }

private:
    struct State {
        std::map<std::uint64_t, std::shared_ptr<Fn>> subscribers;
        std::uint64_t last = 0;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

} // namespace processd::supervisor
