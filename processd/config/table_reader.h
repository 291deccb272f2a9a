// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/table_reader.h: reads the keys of one TOML table into values. Each method looks a key up, leaves the
// value alone when it is absent, and complains, naming what would be right, when it does not fit. A key that was looked
// up is known; finish() complains of all others with the nearest known one.
#pragma once

#include "helpers/base/time.h"
#include "processd/config/document.h"

#include <concepts>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace processd::config {

struct DurationRange {
    base::Duration low, high;
};

class TableReader {
public:
    // path is the table's own name, "service.ready"; place is where a missing key is reported. All outlive the reader.
    TableReader(const Table& table, Place place, std::string path, Complaints& complaints)
        : table_(table), place_(place), path_(std::move(path)), complaints_(complaints)
    {
    }

    // The key counts as known. Only a view of it is kept: a literal, or what outlives this.
    const Entry* find(std::string_view key);
    [[nodiscard]] const Place& place() const noexcept { return place_; }
    [[nodiscard]] Complaints& complaints() const noexcept { return complaints_; }
    [[nodiscard]] const Table& entries() const noexcept { return table_; }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    bool boolean(std::string_view key, bool& value);
    bool text(std::string_view key, std::string& value); // not empty, no NUL
    bool path(std::string_view key, std::string& value); // absolute
    bool duration(std::string_view key, base::Duration& value, DurationRange range);
    bool size(std::string_view key, std::uint64_t& value, std::uint64_t low, std::uint64_t high);
    bool strings(std::string_view key, std::vector<std::string>& value, std::string_view example);
    bool strings(std::string_view key, std::set<std::string>& value, std::string_view example);
    bool command(std::string_view key, std::vector<std::string>& value);
    bool commands(std::string_view key, std::vector<std::vector<std::string>>& value);

    template <std::integral Int> bool number(std::string_view key, Int& value, std::int64_t low, std::int64_t high)
    {
        std::int64_t wide = 0;
        if (!whole(key, wide, low, high)) return false;
        value = static_cast<Int>(wide);
        return true;
    }
    template <class T>
    bool word(std::string_view key, T& value, std::initializer_list<std::pair<std::string_view, T>> words)
    {
        std::vector<std::string_view> names;
        names.reserve(words.size());
        for (const auto& known : words) names.push_back(known.first);
        const auto chosen = choice(key, names);
        if (!chosen) return false;
        value = (words.begin() + *chosen)->second;
        return true;
    }
    // The table under key, or nothing; as a reader of its own.
    std::optional<TableReader> table(std::string_view key, std::string_view example);
    // A reader of a table inside an array, which has no key of its own.
    [[nodiscard]] TableReader inner(const Table& table, const Place& place, const std::string& name) const;

    // "KEY must be RIGHT, not KIND" at the value. The others: any sentence at a place of one's own.
    void must_be(const Entry& entry, std::string_view right);
    void complain(const Entry& entry, std::string message);
    void warn(const Place& place, std::string_view key, std::string message); // it may be meant
    void complain(const Place& place, std::string_view key, std::string message);

    void finish();

private:
    bool whole(std::string_view key, std::int64_t& value, std::int64_t low, std::int64_t high);
    std::optional<std::ptrdiff_t> choice(std::string_view key, const std::vector<std::string_view>& names);
    std::optional<std::vector<std::string>> argv(const Entry& entry, const Value& value, bool one_of_many);
    [[nodiscard]] std::string full(std::string_view key) const;

    const Table& table_;
    Place place_;
    std::string path_;
    Complaints& complaints_;
    std::vector<std::string_view> known_;
};

// "\"on-fail\"" or "\"on-fail\"; did you mean \"on-failure\"?"
std::string quoted(std::string_view text);
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);

} // namespace processd::config
