// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/document.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace processd::config {

const Entry* find(const Table& table, std::string_view key)
{
    const auto at = std::lower_bound(table.begin(), table.end(), key,
                                     [](const Entry& entry, std::string_view wanted) { return entry.key < wanted; });
    return at != table.end() && at->key == key ? &*at : nullptr;
}

std::string_view kind_of(const Value& value)
{
    struct Names {
        std::string_view operator()(const std::string&) const { return "a string"; }
        std::string_view operator()(std::int64_t) const { return "a whole number"; }
        std::string_view operator()(double) const { return "a number with a fraction"; }
        std::string_view operator()(bool yes) const { return yes ? "true" : "false"; }
        std::string_view operator()(const Moment&) const { return "a date or time"; }
        std::string_view operator()(const Array&) const { return "an array"; }
        std::string_view operator()(const Table&) const { return "a table"; }
    };
    return std::visit(Names{}, value.data);
}

namespace {

bool same_value(const Value& a, const Value& b)
{
    struct Compare {
        const Value& other;
        bool operator()(const Moment&) const { return false; } // nothing takes one
        bool operator()(const Array& array) const
        {
            const auto& that = std::get<Array>(other.data);
            return std::equal(array.begin(), array.end(), that.begin(), that.end(), same_value);
        }
        bool operator()(const Table& table) const { return same(table, std::get<Table>(other.data)); }
        bool operator()(const std::string& text) const { return text == std::get<std::string>(other.data); }
        bool operator()(std::int64_t number) const { return number == std::get<std::int64_t>(other.data); }
        bool operator()(double number) const { return number == std::get<double>(other.data); }
        bool operator()(bool yes) const { return yes == std::get<bool>(other.data); }
    };
    return a.data.index() == b.data.index() && std::visit(Compare{b}, a.data);
}

} // namespace

bool same(const Table& a, const Table& b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Entry& one, const Entry& other) {
        return one.key == other.key && same_value(one.value, other.value);
    });
}

void merge(Table& into, Table&& over)
{
    Table merged;
    merged.reserve(into.size() + over.size());
    auto below = into.begin();
    for (auto& above : over) {
        while (below != into.end() && below->key < above.key) merged.push_back(std::move(*below++));
        if (below == into.end() || below->key != above.key) {
            merged.push_back(std::move(above));
            continue;
        }
        auto* lower = std::get_if<Table>(&below->value.data);
        auto* upper = std::get_if<Table>(&above.value.data);
        if (lower != nullptr && upper != nullptr) {
            merge(*lower, std::move(*upper));
            merged.push_back(std::move(*below));
        } else {
            merged.push_back(std::move(above));
        }
        ++below;
    }
    std::move(below, into.end(), std::back_inserter(merged));
    into = std::move(merged);
}

} // namespace processd::config
