// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/problem.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace processd::config {
namespace {

// A file may name anything in its keys; what we print of it must neither break the line nor steer a terminal.
std::string printable(std::string_view text)
{
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string shown;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            shown += "\\x";
            shown += digits[byte >> 4U];
            shown += digits[byte & 15U];
        } else {
            shown += c;
        }
    }
    return shown;
}

} // namespace

std::string format(const Problem& problem)
{
    std::string text = problem.file;
    if (problem.line > 0) text += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
    return printable(text + ": " + problem.message);
}

void sort(Problems& problems)
{
    std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
        return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
    });
}

void Complaints::add(const Place& place, std::string_view key, std::string message)
{
    if (full())
        ++left_out_;
    else
        problems_.push_back({file(place), place.line, place.column, std::string(key), std::move(message)});
}

void Complaints::hand_over(Problems& to)
{
    if (left_out_ > 0)
        problems_.push_back(
            {files_.front(), 0, 0, "", std::to_string(left_out_) + " more problems are not shown; mend these first"});
    std::move(problems_.begin(), problems_.end(), std::back_inserter(to));
    problems_.clear();
    left_out_ = 0;
}

} // namespace processd::config
