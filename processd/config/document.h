// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/document.h: a TOML document as plain values that remember where they were written. The TOML library
// stays behind parse(), in one source file.
#pragma once

#include "processd/config/problem.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace processd::config {

struct Value;
struct Entry;
using Array = std::vector<Value>;
struct Moment {};                 // TOML's dates and times: nothing here takes one
using Table = std::vector<Entry>; // sorted by key, no key twice

struct Value {
    Place place;
    std::variant<std::string, std::int64_t, double, bool, Moment, Array, Table> data;
};

struct Entry {
    std::string key;
    Place place; // of the key
    Value value;
};

const Entry* find(const Table& table, std::string_view key);
// "a string", "a whole number" … for messages.
std::string_view kind_of(const Value& value);

// Nothing for text that is not TOML: the first syntax error is in complaints, as the rest of a broken file says little.
// Nesting is bounded, so that no text can exhaust the stack here or in who walks the result.
std::optional<Table> parse(std::string_view text, std::size_t file, Complaints& complaints);

// Whether they say the same, wherever it was written.
bool same(const Table& a, const Table& b);
// Puts a drop-in over a document: tables key by key, everything else replaced.
void merge(Table& into, Table&& over);

} // namespace processd::config
