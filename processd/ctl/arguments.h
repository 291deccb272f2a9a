// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/arguments.h: the command line into Options; the one file that knows CLI11.
#pragma once

#include "processd/ctl/options.h"

#include <string_view>
#include <variant>

namespace processd::ctl {

// What to do, or what to exit with: help, --version and usage errors have been printed then.
std::variant<Options, int> parse_arguments(int argc, const char* const* argv, std::string_view version);

} // namespace processd::ctl
