// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/table_reader.h"

#include "helpers/base/duration.h"
#include "helpers/base/nearest.h"
#include "helpers/base/size.h"
#include "processd/config/habits.h"
#include "processd/model/json.h"

#include <algorithm>
#include <cmath>

namespace processd::config {
namespace {

constexpr std::size_t longest_quote = 80; // of a value repeated in a message

std::string listed(const std::vector<std::string_view>& names)
{
    std::string list;
    for (const auto name : names) list += (list.empty() ? "" : ", ") + quoted(name);
    return list;
}

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

} // namespace

std::string quoted(std::string_view text)
{
    if (text.size() <= longest_quote) return "\"" + std::string(text) + "\"";
    auto cut = longest_quote;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0U) == 0x80U) --cut; // not inside a character
    return "\"" + std::string(text.substr(0, cut)) + "…\"";
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates)
{
    const auto near = base::nearest(word, candidates);
    return near.empty() ? std::string() : "; did you mean " + quoted(near) + "?";
}

const Entry* TableReader::find(std::string_view key)
{
    known_.push_back(key);
    return config::find(table_, key);
}

std::string TableReader::full(std::string_view key) const
{
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void TableReader::complain(const Place& place, std::string_view key, std::string message)
{
    complaints_.add(place, full(key), std::move(message));
}

void TableReader::complain(const Entry& entry, std::string message)
{
    complain(entry.value.place, entry.key, std::move(message));
}

void TableReader::warn(const Place& place, std::string_view key, std::string message)
{
    complaints_.add(place, full(key), std::move(message), true);
}

void TableReader::must_be(const Entry& entry, std::string_view right)
{
    complain(entry,
             quoted(entry.key) + " must be " + std::string(right) + ", not " + std::string(kind_of(entry.value)));
}

void TableReader::finish()
{
    for (const auto& entry : table_) {
        if (complaints_.full()) return;
        if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
        // "stop_timeout" for "timeout" in the table "stop"
        const auto dash = entry.key.find('_');
        const bool nested =
            path_ == "service" &&
            (entry.key.starts_with("stop_") || entry.key.starts_with("restart_") || entry.key.starts_with("ready_"));
        const auto habit = meant_by_habit(entry.key, known_);
        complain(entry.place, entry.key,
                 (path_.empty() ? "the file" : "[" + path_ + "]") + " has no key " + quoted(entry.key) +
                     (nested ? "; did you mean " + quoted(entry.key.substr(dash + 1)) + " in [service." +
                                   entry.key.substr(0, dash) + "]?"
                             : did_you_mean(habit.empty() ? entry.key : habit, known_)));
    }
}

bool TableReader::boolean(std::string_view key, bool& value)
{
    const Entry* entry = find(key);
    if (entry == nullptr) return false;
    const auto* truth = std::get_if<bool>(&entry->value.data);
    if (truth == nullptr) {
        must_be(*entry, "true or false");
        return false;
    }
    value = *truth;
    return true;
}

bool TableReader::text(std::string_view key, std::string& value)
{
    const Entry* entry = find(key);
    if (entry == nullptr) return false;
    const auto* found = std::get_if<std::string>(&entry->value.data);
    if (found == nullptr) {
        if (const auto* number = std::get_if<std::int64_t>(&entry->value.data))
            must_be(*entry, "a string: write " + quoted(std::to_string(*number)));
        else
            must_be(*entry, "a string");
    } else if (found->empty()) {
        complain(*entry, quoted(key) + " must not be empty; leave the key out to get its default");
    } else if (has_nul(*found)) {
        complain(*entry, quoted(key) + " must not contain a NUL character");
    } else {
        value = *found;
        return true;
    }
    return false;
}

bool TableReader::path(std::string_view key, std::string& value)
{
    std::string found;
    if (!text(key, found)) return false;
    const Entry& entry = *config::find(table_, key);
    if (!found.starts_with('/')) {
        complain(entry, quoted(key) + " must be an absolute path, not " + quoted(found));
        return false;
    }
    if (found.size() >= 4096) {
        complain(entry, quoted(key) + " must be a path of fewer than 4096 bytes");
        return false;
    }
    value = std::move(found);
    return true;
}

bool TableReader::duration(std::string_view key, base::Duration& value, DurationRange range)
{
    using std::chrono::milliseconds;
    const Entry* entry = find(key);
    if (entry == nullptr) return false;
    const auto* text = std::get_if<std::string>(&entry->value.data);
    if (text == nullptr) {
        const auto* number = std::get_if<std::int64_t>(&entry->value.data);
        const auto* fraction = std::get_if<double>(&entry->value.data);
        std::string right;
        if (number != nullptr && *number >= 0)
            right = std::to_string(*number) + "s";
        else if (fraction != nullptr && *fraction >= 0 && *fraction < 1e9)
            right = std::to_string(std::llround(*fraction * 1000)) + "ms";
        if (right.empty())
            must_be(*entry, R"(a duration like "1500ms", "30s" or "5m")");
        else
            complain(*entry, quoted(key) + " is a duration and needs its unit: write " + quoted(right));
        return false;
    }
    const auto parsed = base::parse_duration(*text);
    if (!parsed) {
        complain(*entry,
                 quoted(key) + R"( must be a duration like "1500ms", "30s", "5m", "2h" or "7d", not )" + quoted(*text));
        return false;
    }
    if (*parsed < range.low || *parsed > range.high) {
        const auto shown = [](base::Duration d) {
            return base::format_duration(std::chrono::duration_cast<milliseconds>(d));
        };
        complain(*entry,
                 quoted(key) + " must be from " + shown(range.low) + " to " + shown(range.high) + ", not " + *text);
        return false;
    }
    value = *parsed;
    return true;
}

bool TableReader::size(std::string_view key, std::uint64_t& value, std::uint64_t low, std::uint64_t high)
{
    const Entry* entry = find(key);
    if (entry == nullptr) return false;
    std::optional<std::uint64_t> bytes;
    if (const auto* number = std::get_if<std::int64_t>(&entry->value.data)) {
        if (*number >= 0) bytes = static_cast<std::uint64_t>(*number);
    } else if (const auto* text = std::get_if<std::string>(&entry->value.data)) {
        bytes = base::parse_size(*text);
        if (!bytes) {
            complain(*entry, quoted(key) + R"( must be a size like "256KiB", "10MiB" or a number of bytes, not )" +
                                 quoted(*text));
            return false;
        }
    } else {
        must_be(*entry, R"(a size like "256KiB", "10MiB" or a number of bytes)");
        return false;
    }
    if (!bytes || *bytes < low || *bytes > high) {
        complain(*entry, quoted(key) + " must be from " + base::format_size(low) + " to " + base::format_size(high));
        return false;
    }
    value = *bytes;
    return true;
}

bool TableReader::whole(std::string_view key, std::int64_t& value, std::int64_t low, std::int64_t high)
{
    const Entry* entry = find(key);
    if (entry == nullptr) return false;
    const auto right = "a whole number from " + std::to_string(low) + " to " + std::to_string(high);
    const auto* number = std::get_if<std::int64_t>(&entry->value.data);
    if (number == nullptr) {
        must_be(*entry, right);
        return false;
    }
    if (*number < low || *number > high) {
        complain(*entry, quoted(key) + " must be " + right + ", not " + std::to_string(*number));
        return false;
    }
    value = *number;
    return true;
}

std::optional<std::ptrdiff_t> TableReader::choice(std::string_view key, const std::vector<std::string_view>& names)
{
    const Entry* entry = find(key);
    if (entry == nullptr) return std::nullopt;
    const auto* word = std::get_if<std::string>(&entry->value.data);
    if (word == nullptr) {
        must_be(*entry, "one of " + listed(names));
        return std::nullopt;
    }
    const auto at = std::find(names.begin(), names.end(), *word);
    if (at == names.end()) {
        complain(*entry, quoted(key) + " must be one of " + listed(names) + ", not " + quoted(*word) +
                             did_you_mean(*word, names));
        return std::nullopt;
    }
    return at - names.begin();
}

bool TableReader::strings(std::string_view key, std::vector<std::string>& value, std::string_view example)
{
    const Entry* entry = find(key);
    if (entry == nullptr) return false;
    const auto right = "an array of strings, like " + std::string(example);
    const auto* items = std::get_if<Array>(&entry->value.data);
    if (items == nullptr) {
        if (const auto* text = std::get_if<std::string>(&entry->value.data))
            complain(*entry, quoted(key) + " must be an array of strings: write [" + quoted(*text) + "]");
        else
            must_be(*entry, right);
        return false;
    }
    std::vector<std::string> found;
    for (const auto& item : *items) {
        const auto* text = std::get_if<std::string>(&item.data);
        if (text == nullptr || text->empty() || has_nul(*text)) {
            complain(item.place, key,
                     quoted(key) + " must be " + right + "; one of them is " +
                         (text == nullptr ? std::string(kind_of(item))
                          : text->empty() ? "empty"
                                          : "broken by a NUL"));
            return false;
        }
        if (std::find(found.begin(), found.end(), *text) != found.end()) {
            complain(item.place, key, quoted(key) + " names " + quoted(*text) + " twice");
            return false;
        }
        if (found.size() == 4096) {
            complain(item.place, key, quoted(key) + " has more than 4096 strings");
            return false;
        }
        found.push_back(*text);
    }
    value = std::move(found);
    return true;
}

bool TableReader::strings(std::string_view key, std::set<std::string>& value, std::string_view example)
{
    std::vector<std::string> found;
    if (!strings(key, found, example)) return false;
    value = {found.begin(), found.end()};
    return true;
}

std::optional<TableReader> TableReader::table(std::string_view key, std::string_view example)
{
    const Entry* entry = find(key);
    if (entry == nullptr) return std::nullopt;
    const auto* found = std::get_if<Table>(&entry->value.data);
    if (found == nullptr) {
        must_be(*entry, "a table, like " + std::string(example));
        return std::nullopt;
    }
    return TableReader{*found, entry->place, full(key), complaints_};
}

TableReader TableReader::inner(const Table& table, const Place& place, const std::string& name) const
{
    return TableReader{table, place, full(name), complaints_};
}

} // namespace processd::config
