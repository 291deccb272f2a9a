// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/nsm_state.h"

namespace callout {

std::int32_t next_state(std::optional<std::int32_t> last, std::int64_t epoch_seconds)
{
    constexpr std::uint32_t mask = 0x7fffffff, half = 0x40000000;
    const auto by_clock = (static_cast<std::uint32_t>(epoch_seconds) & mask) | 1U;
    if (!last) return static_cast<std::int32_t>(by_clock);
    const auto before = static_cast<std::uint32_t>(*last) & mask;
    const auto ahead = (by_clock - before) & mask;
    if (ahead != 0 && ahead < half) return static_cast<std::int32_t>(by_clock);
    return static_cast<std::int32_t>(((before + 2) & mask) | 1U);
}

} // namespace callout
