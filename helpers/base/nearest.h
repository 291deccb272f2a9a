// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/base/nearest.h: what a word that nobody knows was probably meant to be.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

namespace base {

// The candidate nearest to word by edit distance (at most a third of the longer one's length), else one that word is
// the beginning of, or empty.
std::string_view nearest(std::string_view word, std::initializer_list<std::string_view> candidates);
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

} // namespace base
