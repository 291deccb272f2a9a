// SPDX-License-Identifier: GPL-3.0-or-later
// tests/mutex-helpers/schedule/witness.h: writes down who held a mutex from when to when, and says whether two did at
// once. It knows nothing about helpers: begin() when the byte was read, end() when end of file was read or just before
// the holder was told to let go, so a holding is never shorter here than ctdbd would believe.
#pragma once

#include "helpers/base/time.h"

#include <optional>
#include <string>
#include <vector>

namespace schedule {

struct Holding {
    int who;
    base::Time since;
    std::optional<base::Time> until; // none: still
};

class Witness {
public:
    void begin(int who, base::Time now) { holdings_.push_back({who, now, {}}); }
    void end(int who, base::Time now)
    {
        for (auto& holding : holdings_)
            if (holding.who == who && !holding.until) holding.until = now;
    }
    [[nodiscard]] const std::vector<Holding>& holdings() const { return holdings_; }

private:
    std::vector<Holding> holdings_;
};

// Two that held at the same time, in words; empty if there are none. Touching is not holding at once.
std::string find_overlap(const std::vector<Holding>& holdings);

} // namespace schedule
