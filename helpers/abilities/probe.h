// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/abilities/probe.h: what the probes have in common.
#pragma once

#include "helpers/abilities/ability.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace abilities {

// Tries it in a child, which takes all consequences with it. attempt() returns 0 or an errno.
Finding in_child(int (*attempt)());
// 0 or more is success, else errno is why not.
Finding of_call(long result);
Finding of_error(int error);

std::string file_text(const char* path); // of /proc and the like; empty where there is none
// A line "Key:\tvalue" of /proc/self/status; empty without.
std::string status_field(std::string_view key);
bool has_capability(unsigned number); // in the effective set
Finding of_capability(unsigned number);

} // namespace abilities
