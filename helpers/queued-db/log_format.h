// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/queued-db/log_format.h: the bytes of a queue's log (docs/queued-db.md).
// A header of 8 bytes, "ctdbqdb1", then entries; numbers are little-endian:
//   u32 CRC-32C of all that follows in the entry | u8 kind: 1 set, 2 delete | 3 zero bytes | u64 sequence | u32 key
//   length | u32 value length | key | value
// A crash leaves at most an incomplete last entry. Whatever else does not check is passed over to the next entry that
// does.
#pragma once

#include "helpers/queued-db/operation.h"

#include <string>
#include <string_view>
#include <vector>

namespace queued_db {

constexpr std::string_view log_magic = "ctdbqdb1";
constexpr std::size_t entry_header = 24;
constexpr std::size_t max_part = 1U << 20U; // of a key or value

std::string encode(const Entry& entry);

struct Log {
    std::vector<Entry> entries;
    std::size_t good = 0;       // length of the part, from the start, that is wholly right; 0: not even the header
    std::size_t unreadable = 0; // bytes that were passed over before the last right entry: damage, not a crash
    std::size_t tail = 0;       // bytes after the last right entry: what a crash left

    friend bool operator==(const Log&, const Log&) = default;
};
// Never fails: any bytes are a log of some entries.
Log parse_log(std::string_view bytes);

} // namespace queued_db
