// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/queued-db/ptrans_text.h: operations as "ctdb ptrans" reads them: a line of "KEY" "VALUE" each, where an empty
// value deletes. There are no escapes, but 0x and hex digits stand for any bytes; a line that ctdb does not understand
// it skips, with exit code 0, and a longer one than its buffer it takes for two. So what it cannot carry is refused
// here.
#pragma once

#include "helpers/base/result.h"
#include "helpers/queued-db/operation.h"

#include <string>

namespace queued_db {

constexpr std::size_t max_line = 1022; // ctdb reads 1023 bytes at once

// Errc::bad_input, with the reason, for what the carrier cannot carry: an empty key, an empty value, too long a line.
base::Result<std::string> ptrans_line(const Operation& operation);

// The other direction, for people and scripts: "0x6162" is "ab", anything else is itself.
base::Result<std::string> parse_part(std::string_view text);

} // namespace queued_db
