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
