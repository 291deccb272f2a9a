// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/report.h: what went wrong, said where somebody will see it. rpc.statd gives its callout /dev/null as
// standard error, so each sentence goes to syslog as well; a syslog daemon that is stuck is not waited for.
#pragma once

#include <string_view>

namespace callout {

// program: argv[0], which CTDB's callout puts before what it prints.
void set_program(std::string_view program) noexcept;

// One sentence of up to five parts; bytes that a terminal or a log would not take as text become '?'.
void complain(std::string_view a, std::string_view b = {}, std::string_view c = {}, std::string_view d = {},
              std::string_view e = {}) noexcept;

} // namespace callout
