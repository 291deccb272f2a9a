// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/keeper_state.h: all that a keeper knows, as values, for the program that takes its place in the same
// process: `upgrade`. docs/keeper-state.md describes the bytes, and what a change of them asks for. Descriptors are
// numbers here and owned by nobody; who takes a state up owns what they name.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"
#include "processd/keeper/state_fields.h"
#include "processd/protocol/message.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace processd::keeper {

inline constexpr std::uint64_t state_magic = 0x455441545350434b; // the bytes "KCPSTATE"
inline constexpr std::uint32_t state_version = 1;

struct StateHeader {
    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t reserved;
};

struct CarriedGroup { // Cgroup
    std::string name;
    CarriedFd dir, events, memory;
    bool worn = false;
    bool outlived = false;
    friend bool operator==(const CarriedGroup&, const CarriedGroup&) = default;
};

struct CarriedSweep { // Sweep
    pid_t pid = 0;
    int signal = 0;
    CarriedFd pipe;
    std::vector<pid_t> found, not_ours;
    pid_t looking_at = 0;
    bool finished = false;
    friend bool operator==(const CarriedSweep&, const CarriedSweep&) = default;
};

struct CarriedChild { // Child
    protocol::ChildState state{};
    std::string label, cookie, notify_path;
    std::uint32_t uid = 0;
    std::uint32_t incarnation = 0;
    bool reaped = true;
    CarriedFd pidfd, spec, ring, out, err, status, ready, notify;
    std::int32_t step = -1; // slot, or none
    CarriedGroup group;
    bool group_watched = false;
    bool group_killed = false;
    std::uint64_t seen = 0;
    bool forgotten = false;
    std::int64_t spawn_until_mono_ns = 0; // until when it must have come to exec, while it starts
    std::int64_t empty_since_mono_ns = 0;
    bool outlived = false;
    bool sweep_again = false;
    std::vector<pid_t> leftovers, unread;
    CarriedSweep sweep;
    std::vector<std::int64_t> next_main; // pid, and when it began; empty: none
};

struct CarriedCgroups { // Cgroups and Controllers
    std::string path, why_not;
    CarriedGroup all;
    std::uint64_t made = 0;
    std::vector<CarriedGroup> pool;
    std::string own, aside, why_none;
    std::vector<std::string> usable, on;
};

struct KeeperState {
    std::string version; // of the program that wrote it
    std::string program; // the path by which it was started, and by which its successor is
    std::uint32_t spec_format = 0;
    std::uint64_t ring_format = 0;
    pid_t pid = 0;
    std::uint64_t capabilities = 0; // effective ones
    std::uint64_t epoch = 0;
    std::uint32_t upgrades = 0; // how often this keeper life has changed its program
    std::int64_t started_mono_ns = 0, started_wall_ns = 0;
    std::uint64_t next_id = 1;
    std::uint32_t incarnation = 0;
    std::int32_t manager_status = 0; // wait status of the last one
    std::uint32_t short_lives = 0;   // of managers, in a row
    std::uint64_t orphans_reaped = 0;
    std::uint64_t newest_line = 0;
    std::int64_t stop_budget_ns = 0;
    std::uint32_t log_level = 0;
    bool reload_unsent = false;
    std::string parent_notify;
    std::int32_t death_signal = 0; // PR_SET_PDEATHSIG, and whose death
    pid_t parent = 0;
    std::vector<std::uint64_t> open_files;          // RLIMIT_NOFILE of children, soft and hard, where it was raised
    std::vector<std::int32_t> oom_score_adj_before; // one, where it was changed
    std::vector<pid_t> told_strangers;
    std::vector<std::string> told_missing;
    std::vector<std::uint64_t> sweepers; // pid, child, pid, child …
    CarriedFd lock, api, steps;
    CarriedFd own_program, manager_program; // of the writer, for the way back
    CarriedCgroups cgroups;
    std::vector<CarriedChild> children;
    std::int32_t cgroup_error = 0; // errno of why there are no cgroups
};

std::string encode(const KeeperState& state);
// Errc::corrupt: the bytes are no state, or one that this version cannot take up whole; the message says which part.
base::Result<KeeperState> decode_state(std::string_view bytes);

// A memfd with the bytes, sealed; and what is in one.
base::Result<base::UniqueFd> seal_state(const KeeperState& state);
base::Result<KeeperState> read_state(int fd);

// The descriptors that it names, each once.
std::vector<int> descriptors_of(const KeeperState& state);

} // namespace processd::keeper
