// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/command/command.h: runs a command to its end, with a text as its standard input and a deadline.
// Blocks. The command is looked up in PATH and has a process group of its own; at the deadline the group gets SIGKILL,
// so nothing is left of a command that stayed in it. Output beyond max_output is read and thrown away.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"

#include <string>
#include <string_view>
#include <vector>

namespace command {

constexpr std::size_t max_output = 64U << 20U;

struct Outcome {
    int code = -1;          // exit code; -1 if a signal or the deadline ended it
    int signal = 0;         // that ended it, 0 if none did
    bool timed_out = false; // we killed it
    std::string out, err;

    [[nodiscard]] bool good() const { return code == 0; }
    // "exited with 1: what it said last", as the reason of an error.
    [[nodiscard]] std::string reason() const;
};

// Fails where the command could not be started (ENOENT: there is no such program).
base::Result<Outcome> run(const std::vector<std::string>& argv, std::string_view input, base::Duration timeout);

// The words of $CTDB, as CTDB's scripts take it; "ctdb" if it is not set.
std::vector<std::string> ctdb_command();

} // namespace command
