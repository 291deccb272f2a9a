// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/problem.h"

#include <algorithm>
#include <iterator>
#include <map>
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

std::string few_of(const std::vector<std::string>& names)
{
    constexpr std::size_t shown = 3;
    std::string text;
    for (std::size_t i = 0; i < std::min(shown, names.size()); ++i) text += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > shown) text += " and " + std::to_string(names.size() - shown) + " more";
    return text;
}

} // namespace

std::string format(const Problem& problem)
{
    std::string text = problem.file;
    if (problem.line > 0)
        text += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
    else if (!problem.key.empty())
        text += ": " + problem.key;
    return printable(text + (problem.warning ? ": warning: " : ": ") + problem.message);
}

void sort(Problems& problems)
{
    std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
        return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
    });
}

void name_instances(Problems& problems)
{
    using Same = std::tuple<std::string, std::uint32_t, std::uint32_t, std::string, std::string>;
    std::map<Same, std::pair<std::size_t, std::vector<std::string>>> found; // where the first stands, and of whom
    Problems kept;
    for (auto& problem : problems) {
        if (problem.instance.empty()) {
            kept.push_back(std::move(problem));
            continue;
        }
        const auto at = found.try_emplace({problem.file, problem.line, problem.column, problem.key, problem.message},
                                          kept.size(), std::vector<std::string>{});
        at.first->second.second.push_back(std::exchange(problem.instance, {}));
        if (at.second) kept.push_back(std::move(problem));
    }
    for (auto& entry : found) {
        auto& [first, instances] = entry.second;
        std::sort(instances.begin(), instances.end());
        kept[first].message += " (" + few_of(instances) + ")";
    }
    problems = std::move(kept);
}

Problem problem_at(const Origin& origin, const Place& place, std::string key, std::string message)
{
    return {origin.files[place.file], place.line,      place.column, std::move(key),
            std::move(message),       origin.instance, false};
}

void Complaints::add(const Place& place, std::string_view key, std::string message, bool warning)
{
    if (full()) {
        ++left_out_;
        return;
    }
    problems_.push_back(problem_at(origin_, place, std::string(key), std::move(message)));
    problems_.back().warning = warning;
}

void Complaints::hand_over(Problems& to)
{
    if (left_out_ > 0)
        problems_.push_back({origin_.files.front(), 0, 0, "",
                             std::to_string(left_out_) + " more problems are not shown; mend these first",
                             origin_.instance, false});
    std::move(problems_.begin(), problems_.end(), std::back_inserter(to));
    problems_.clear();
    left_out_ = 0;
}

} // namespace processd::config
