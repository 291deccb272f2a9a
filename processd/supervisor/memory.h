// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/memory.h: how much memory keeper and manager use (PSS), read on another thread, as /proc of
// another process may keep its reader waiting. Shows the last reading.
#pragma once

#include "processd/loop/work.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace processd::supervisor {

class Memory {
public:
    Memory(loop::Loop& loop, std::int32_t keeper_pid);
    void refresh(); // returns at once
    [[nodiscard]] std::optional<std::int64_t> keeper_kb() const { return shared_->keeper; }
    [[nodiscard]] std::optional<std::int64_t> manager_kb() const { return shared_->manager; }

private:
    struct Shared {
        std::optional<std::int64_t> keeper, manager;
        bool busy = false;
    };
    loop::Loop& loop_;
    std::int32_t keeper_pid_;
    std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

} // namespace processd::supervisor
