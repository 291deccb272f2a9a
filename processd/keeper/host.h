// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/host.h: the keeper's own process: what it inherited from whoever started it, what it makes of itself
// once at its start, and what the host lets it do. Children start clean because the keeper is clean: dispositions,
// timer slack and stray descriptors are put right here, once, rather than in every child.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"
#include "processd/keeper/abilities.h"

#include <cstdint>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <sys/types.h>
#include <vector>

namespace processd::keeper {

// What a child inherits unless its side of the clone changes it. Steps that would change nothing are left out, so that
// an unprivileged keeper can start children as itself.
struct Baseline {
    pid_t pid = 0;
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups; // sorted
    int nice = 0;
    int io_priority = 0;
    int scheduler = 0;
    std::optional<int> oom_score_adj;        // unset: the host does not say
    std::optional<int> oom_score_adj_before; // that it was, if the keeper has changed it
    std::optional<rlimit> open_files;        // what children get back, where the keeper has raised its own limit
    bool has_pidfd = false;
};

// Becomes a process others can live below: descriptors 0 to 2 open and no others, default dispositions, all signals
// blocked, umask 022, child subreaper, as many open files as permitted. Adds what it found to abilities. taking_up: it
// is one already, and descriptors stay as they are.
Baseline prepare_process(Abilities* abilities, bool taking_up = false);

// Lets neither swap nor the OOM killer take the keeper, and keepers and managers go first where processors are short,
// all where permitted. Memory mapped later (rings) is not affected. A nice value that was chosen for the keeper stays.
void protect_process(Baseline* baseline, Abilities* abilities);

// The nice value of the calling session, which comes before that of its processes where the kernel divides processors
// among sessions first (autogroup; without it there is no such file and nothing happens).
void set_session_nice(int nice);

// Default dispositions, and everything blocked: signals are waited for, not handled.
void reset_signals();

// The OOM killer takes others first. 0, or the errno with which that was refused.
int protect_from_oom();

// Of this process: 1 << number each.
std::uint64_t effective_capabilities();

// Small files of /proc and the like; empty where there are none.
std::string read_small_file(const char* path);
bool write_small_file(const char* path, const std::string& text);
// The parts between separators, empty ones left out. Streams would do it, and make the keeper half a megabyte larger.
std::vector<std::string> split(const std::string& text, char separator);
std::string boot_id();

} // namespace processd::keeper
