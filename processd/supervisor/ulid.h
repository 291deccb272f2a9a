// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/ulid.h: ids of ours: ULIDs, which sort by the time they were made. Two made in the same
// millisecond by one process grow too.
#pragma once

#include "helpers/base/time.h"

#include <string>
#include <string_view>

namespace processd::supervisor {

std::string make_ulid(base::WallTime now);
// The form of an id in requests: [A-Za-z0-9][A-Za-z0-9._:-]{0,127}.
bool is_id(std::string_view text) noexcept;

} // namespace processd::supervisor
