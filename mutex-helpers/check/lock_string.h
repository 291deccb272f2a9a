// SPDX-License-Identifier: GPL-3.0-or-later
// mutex-helpers/check/lock_string.h: "cluster lock" of ctdb.conf as ctdbd understands it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mutex {

// The command that ctdbd would run: after "!" the words between blanks and tabs, as there is no quoting; otherwise the
// default helper with the string as its file. Empty if there is no word.
std::vector<std::string> helper_command(std::string_view lock, const std::string& default_helper);
// The lock file, if the command is an fcntl helper's.
std::optional<std::string> lock_file(const std::vector<std::string>& command);

} // namespace mutex
