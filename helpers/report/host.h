// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/report/host.h: what a report has of the host itself, read from files of the kernel's; nothing is looked up on
// file systems but where it says so. Each function runs apart(): it writes and returns 0 or an errno.
#pragma once

#include "helpers/report/apart.h"

#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

namespace report {

struct View {
    pid_t keeper = 0;                     // 0: there is none, or it is in another pid namespace
    std::vector<std::string> directories; // of the daemon's
};

struct HostPart {
    const char* file;
    const char* what;
    int (*write)(int out, const View& view);
};
std::span<const HostPart> host_parts();
// The command that tells the versions of packages which matter to a clustered node.
std::vector<std::string> package_query();

// The parts that need more words.
int write_processes(int out, const View& view);
int write_threads(int out, const View& view); // of the keeper's tree, and of all that hang in the kernel
int write_cgroups(int out, const View& view);

// A line "PID WORDS…" for each process. Reading the words of one that hangs may hang: such a one is skipped after a
// while. shown: what of the words may be seen.
using Shown = std::function<std::vector<std::string>(std::vector<std::string> command)>;
Got command_lines(base::Duration limit, const Shown& shown);

} // namespace report
