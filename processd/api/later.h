// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/later.h: the rest of a long answer, in turns of its own, so that others are served in between.
#pragma once

#include "processd/loop/loop.h"

#include <functional>
#include <utility>
#include <vector>

namespace processd::api {

class Later {
public:
    explicit Later(loop::Loop& loop)
        : turn_end_(loop, [this] {
              for (const auto& work : std::exchange(waiting_, {})) work();
          })
    {
    }
    Later(const Later&) = delete;
    Later& operator=(const Later&) = delete;

    // Called in the next turn, after what is ready by then.
    void call(std::function<void()> work)
    {
        waiting_.push_back(std::move(work));
        turn_end_.arm();
    }

private:
    std::vector<std::function<void()>> waiting_;
    loop::Deferred turn_end_;
};

} // namespace processd::api
