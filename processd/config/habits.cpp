// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/habits.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace processd::config {
namespace {

using Habit = std::pair<std::string_view, std::string_view>;

// Lower case, without what joins words. A word may mean several keys, of which a table has one.
constexpr std::array<Habit, 36> habits{{{"cmd", "command"},           {"cmdline", "command"},
                                        {"exec", "command"},          {"execstart", "command"},
                                        {"run", "command"},           {"args", "command"},
                                        {"argv", "command"},          {"arguments", "command"},
                                        {"program", "command"},       {"execstartpre", "pre_start"},
                                        {"prestart", "pre_start"},    {"execstoppost", "post_stop"},
                                        {"poststop", "post_stop"},    {"execstop", "stop"},
                                        {"autostart", "start"},       {"enabled", "start"},
                                        {"autorestart", "restart"},   {"dir", "cwd"},
                                        {"directory", "cwd"},         {"workdir", "cwd"},
                                        {"workingdirectory", "cwd"},  {"env", "environment"},
                                        {"environ", "environment"},   {"envfile", "environment_file"},
                                        {"depends", "requires"},      {"dependson", "requires"},
                                        {"dependencies", "requires"}, {"wants", "after"},
                                        {"bindsto", "binds_to"},      {"cron", "every"},
                                        {"schedule", "every"},        {"timer", "every"},
                                        {"interval", "every"},        {"period", "every"},
                                        {"retries", "threshold"},     {"failures", "threshold"}}};

std::string plain(std::string_view key)
{
    std::string word;
    for (const char c : key) {
        if (c == '_' || c == '-') continue;
        word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return word;
}

} // namespace

std::string_view meant_by_habit(std::string_view key, const std::vector<std::string_view>& candidates)
{
    const auto word = plain(key);
    for (const auto& [habit, meant] : habits)
        if (habit == word && std::find(candidates.begin(), candidates.end(), meant) != candidates.end()) return meant;
    return {};
}

} // namespace processd::config
