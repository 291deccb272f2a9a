// SPDX-License-Identifier: GPL-3.0-or-later
// processd/output/rate_limit.h: so many lines in each period, by the lines' own times. A period begins with the first
// line after the one before is over, or when the clock was set back. Pure.
#pragma once

#include "helpers/base/time.h"

#include <cstdint>

namespace processd::output {

class RateLimit {
public:
    bool admit(base::WallTime time, std::uint64_t lines, base::Duration period)
    {
        if (time >= began_ + period || time < began_) {
            began_ = time;
            count_ = 0;
        }
        if (count_ >= lines) return false;
        ++count_;
        return true;
    }

private:
    base::WallTime began_{};
    std::uint64_t count_ = 0;
};

} // namespace processd::output
