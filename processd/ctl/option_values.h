// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/option_values.h: what the value of an option may look like. The checks return a complaint, or nothing.
#pragma once

#include "processd/ctl/options.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace processd::ctl {

std::string is_duration(const std::string& text);
std::string to_moment(std::string& text);             // becomes what the API takes, see moment.h
std::string to_moment_if_one(std::string& text);      // other text stays, for the daemon to judge
std::string is_limit(const std::string& text);        // NAME=SOFT[:HARD]
std::string is_assignment(const std::string& text);   // NAME=VALUE
std::string is_octal(const std::string& text);        // of a umask
std::string is_cgroup_limit(const std::string& text); // NAME=VALUE, as in [service.cgroup]
std::string is_bind(const std::string& text);         // SOURCE:TARGET[:ro]
std::string is_cpus(const std::string& text);
std::optional<std::vector<std::uint32_t>> parse_cpus(std::string_view text); // "0,2,4-7"
// The key of a request's "cgroup" and its number; nothing if the value does not fit the name. A name with a dot is a
// file of the cgroup, and its value text.
std::optional<std::pair<std::string, std::uint64_t>> parse_cgroup_limit(std::string_view name, std::string_view value);
std::optional<BindOption> parse_bind(std::string_view text);
std::vector<std::string> parse_list(std::string_view text); // "a,b"; "" is none

} // namespace processd::ctl
