// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/queued-db/operation.h: one change to a database, and its place in the queue.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace queued_db {

struct Operation {
    std::string key;
    std::optional<std::string> value; // none: delete

    friend bool operator==(const Operation&, const Operation&) = default;
};

struct Entry {
    std::uint64_t sequence = 0; // rises by at least one from entry to entry
    Operation operation;

    friend bool operator==(const Entry&, const Entry&) = default;
};

// The last entry of each key, in the order of the queue: all there is to do.
std::vector<Entry> coalesce(const std::vector<Entry>& entries);

} // namespace queued_db
