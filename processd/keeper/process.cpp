// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/process.h"

#include "processd/keeper/host.h"

#include <cstdio>
#include <string>

namespace processd::keeper {

std::optional<Process> look_at(pid_t pid)
{
    const auto text = read_small_file(("/proc/" + std::to_string(pid) + "/stat").c_str());
    const auto name_end = text.rfind(") "); // the name may hold anything, parentheses too
    if (name_end == std::string::npos) return std::nullopt;
    char state = 'Z';
    Process process;
    // state ppid pgrp session tty_nr tpgid flags 4 x faults 4 x times priority nice threads itrealvalue starttime
    unsigned long long started = 0;
    if (std::sscanf(text.c_str() + name_end + 2,
                    "%c %d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &state,
                    &process.parent, &process.session, &started) != 4)
        return std::nullopt;
    process.started = started;
    process.alive = state != 'Z' && state != 'X' && state != 'x';
    return process;
}

} // namespace processd::keeper
