// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/check/lock_string.h"

#include <algorithm>

namespace mutex {

std::vector<std::string> helper_command(std::string_view lock, const std::string& default_helper)
{
    if (lock.empty()) return {};
    if (lock.front() != '!') return {default_helper, std::string(lock)};
    std::vector<std::string> words;
    for (std::size_t at = 1; (at = lock.find_first_not_of(" \t", at)) != std::string_view::npos;) {
        const auto end = std::min(lock.find_first_of(" \t", at), lock.size());
        words.emplace_back(lock.substr(at, end - at));
        at = end;
    }
    return words;
}

std::optional<std::string> lock_file(const std::vector<std::string>& command)
{
    if (command.size() < 2 || !command[0].ends_with("ctdb_mutex_fcntl_helper")) return std::nullopt;
    return command[1];
}

} // namespace mutex
