// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/exit_code.h: what processctl ends with; processctl(1) is the page that promises it.
#pragma once

namespace processd::ctl {

inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;      // the daemon refused, or what was asked went wrong
inline constexpr int exit_usage = 2;       // of run: exit_ours
inline constexpr int exit_unknown = 2;     // of probe: no answer
inline constexpr int exit_not_yet = 3;     // --timeout passed and the operation goes on
inline constexpr int exit_timed_out = 124; // run: the command outlived its --timeout
inline constexpr int exit_ours = 125; // the daemon cannot be talked to; of run: whatever is not the command's fault
inline constexpr int exit_not_executable = 126;
inline constexpr int exit_not_found = 127;
inline constexpr int exit_signal_base = 128; // run: plus the signal's number
inline constexpr int exit_cancelled = 130;

} // namespace processd::ctl
