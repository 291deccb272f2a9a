// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/mutex-helpers/schedule/witness.h"

#include <algorithm>

namespace schedule {
namespace {

std::string words(const Holding& holding)
{
    const auto us = [](base::Time t) { return std::to_string(base::to_ns(t) / 1000); };
    return std::to_string(holding.who) + " held from " + us(holding.since) + " us to " +
           (holding.until ? us(*holding.until) + " us" : "the end");
}

} // namespace

std::string find_overlap(const std::vector<Holding>& holdings)
{
    auto sorted = holdings;
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.since < b.since; });
    const Holding* longest = nullptr; // of those before, the one that held longest
    for (const auto& holding : sorted) {
        if (longest != nullptr && (!longest->until || holding.since < *longest->until))
            return words(*longest) + ", " + words(holding);
        if (longest == nullptr || !holding.until || *holding.until > *longest->until) longest = &holding;
    }
    return {};
}

} // namespace schedule
