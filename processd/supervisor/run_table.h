// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/run_table.h: the live runs, owned, and found by whatever name somebody has for them. Internal to
// Runs and its parts. A LiveRun's address holds until it is removed; whoever may have removed one while it told others
// of it asks again with its number.
#pragma once

#include "processd/supervisor/live_run.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace processd::supervisor {

class RunTable {
public:
    LiveRun& add(Launch launch);
    void asked(LiveRun& live, std::uint64_t request_id); // of the keeper
    void bind(LiveRun& live, protocol::ChildId child);   // the keeper's answer
    void remove(LiveRun& live);

    // Null where there is none.
    [[nodiscard]] LiveRun* numbered(std::uint64_t number) const;
    [[nodiscard]] LiveRun* with_id(std::string_view id) const;
    [[nodiscard]] LiveRun* of_child(protocol::ChildId child) const;
    [[nodiscard]] LiveRun* of_request(std::uint64_t request_id) const;

    [[nodiscard]] const std::map<std::uint64_t, std::unique_ptr<LiveRun>>& all() const { return by_number_; }

private:
    std::map<std::uint64_t, std::unique_ptr<LiveRun>> by_number_; // owns
    std::unordered_map<std::string, LiveRun*> by_id_;
    std::unordered_map<protocol::ChildId, LiveRun*> by_child_;
    std::unordered_map<std::uint64_t, LiveRun*> by_request_;
};

} // namespace processd::supervisor
