// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/helper/nsm_state.h: the state number that a notification carries. Odd, of 31 bits, and for each server
// address later than the last one: by the wall clock if that agrees, as other versions go by it alone, else by counting
// on. Late is meant as in serial numbers, so the clock may pass 2038.
#pragma once

#include <cstdint>
#include <optional>

namespace callout {

std::int32_t next_state(std::optional<std::int32_t> last, std::int64_t epoch_seconds);

} // namespace callout
