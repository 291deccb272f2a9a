// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/nearest.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace base {
namespace {

constexpr std::size_t max_word = 256; // the distance of two words takes time in the product of their lengths

// Insertions, deletions, replacements and swaps of neighbours that make b of a: "TREM" is one from "TERM".
std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before.swap(above);
        above.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[b.size()];
}

} // namespace

std::string_view nearest(std::string_view word, std::initializer_list<std::string_view> candidates)
{
    return nearest(word, std::vector<std::string_view>(candidates));
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates)
{
    if (word.empty() || word.size() > max_word) return {};
    std::string_view best, continued;
    std::size_t best_distance = 0;
    for (const auto candidate : candidates) {
        if (candidate.size() > max_word) continue;
        if (continued.empty() && word.size() >= 3 && candidate.starts_with(word)) continued = candidate;
        const auto d = distance(word, candidate);
        if (d * 3 > std::max(word.size(), candidate.size()) + 2) continue;
        if (best.empty() || d < best_distance) {
            best = candidate;
            best_distance = d;
        }
    }
    return best.empty() ? continued : best;
}

} // namespace base
