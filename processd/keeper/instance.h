// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/instance.h: one keeper per runtime directory, and what an earlier one that died has left behind.
// The lock is an fcntl lock on RUNTIME/lock: it ends with the process that took it and is not inherited by forks. The
// file RUNTIME/instance names the living keeper's cgroup and mark; found with the lock free, it tells where to look for
// leftovers.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"
#include "processd/keeper/options.h"

#include <string>
#include <sys/types.h>
#include <vector>

namespace processd::keeper {

// Makes the runtime directory (its parent must exist) and the one for notify sockets, and checks that they are ours.
base::Result<void> prepare_runtime_dir(const Options& options);

// Removes the sockets that a keeper which died has left. To be called with the lock held.
void clear_notify_dir(const std::string& path);

// Errc::conflict with the holder's pid if another keeper has it.
base::Result<base::UniqueFd> take_instance_lock(const std::string& path);

struct Leftovers {
    std::vector<pid_t> pids;
    std::string cgroup; // where they are, empty if found by their mark
    std::string mark;
};
// What the keeper of the instance file has left running; nothing if there is no such file. May take a second where
// processes have to be looked for one by one.
Leftovers find_leftovers(const std::string& instance_file);
// SIGKILL to them until none is found, for at most some seconds; returns those that remain.
std::vector<pid_t> kill_leftovers(const std::string& instance_file);
// Removes the empty cgroups that the instance file names, and the file.
void forget_instance(const std::string& instance_file);

base::Result<void> write_instance(const std::string& instance_file, std::uint64_t epoch, const std::string& cgroup);

// Also used by the orderly stop: pids as people read them, "12, 13, 14 and 5 more".
std::string name_pids(const std::vector<pid_t>& pids);

} // namespace processd::keeper
