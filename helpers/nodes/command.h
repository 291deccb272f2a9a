// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/nodes/command.h: one command, run to its end or to its deadline, whichever is first. It leads a process group
// of its own, which is killed at its end or deadline, and when we get SIGTERM, SIGINT or SIGHUP; SIGKILL to us takes
// the command itself along. Its stdin is /dev/null.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"

#include <string>
#include <vector>

namespace nodes {

enum class Errors { pass_on, keep }; // its stderr: ours, or among the output

// What it wrote, if it exited with 0. Otherwise an Error that says what happened, with the output's last line if stderr
// is in there. More output than max_bytes is an error, too. A process that it leaves behind with the pipe open is not
// waited for.
base::Result<std::string> run(const std::vector<std::string>& argv, base::Duration timeout, std::size_t max_bytes,
                              Errors errors);

} // namespace nodes
