// SPDX-License-Identifier: GPL-3.0-or-later
// processd/protocol/spawn_spec.h: everything the keeper must know to start one process, with all names resolved to
// numbers. It travels in a sealed memfd, stays with the child until the child is acknowledged, and so is the record of
// first instance when a manager dies. docs/keeper-protocol.md describes the encoding.
#pragma once

#include "helpers/base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace processd::protocol {

inline constexpr std::uint32_t spec_magic = 0x33535043; // "CPS3"

struct ResourceLimit {
    std::uint32_t resource = 0; // RLIMIT_*
    std::uint64_t soft = 0;     // RLIM_INFINITY as in the kernel
    std::uint64_t hard = 0;
    friend bool operator==(const ResourceLimit&, const ResourceLimit&) = default;
};

struct Bind { // of a path in the child's own mount namespace
    std::string source;
    std::string target;
    bool read_only = false;
    friend bool operator==(const Bind&, const Bind&) = default;
};

struct CgroupSetting { // of the child's cgroup
    std::string file;  // of a controller, like "memory.max"
    std::string value;
    friend bool operator==(const CgroupSetting&, const CgroupSetting&) = default;
};

enum class Stdin : std::uint8_t { null = 0, data = 1 };             // data: the memfd sent along
enum class ReadyBy : std::uint8_t { none = 0, notify = 1, fd = 2 }; // what the keeper holds for readiness

inline constexpr std::uint32_t max_cpus = 8192;     // numbers below this
inline constexpr std::uint32_t max_ready_fd = 1023; // the child's descriptor for readiness: 3 to this

struct SpawnSpec {
    std::string note;              // the manager's own words about the run, any length; the keeper only keeps them
    std::string label;             // for people: service name or run id; also names the cgroup's user in messages
    std::vector<std::string> argv; // argv[0] without a slash is looked up in PATH of env, as the target user
    std::vector<std::string> env;  // NAME=value, complete; the keeper adds CTDB_PROCESSD_CHILD (and NOTIFY_SOCKET)
    std::string cwd = "/";
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> groups; // supplementary
    std::uint32_t umask = 022;
    std::int32_t nice = 0;
    std::int32_t io_class = 0; // IOPRIO_CLASS_*: 0 none, 1 realtime, 2 best effort, 3 idle
    std::int32_t io_level = 0;
    std::int32_t scheduler = 0;                // SCHED_*
    std::int32_t priority = 0;                 // of a real-time scheduler
    std::vector<std::uint32_t> cpus;           // empty: as inherited
    std::optional<std::int32_t> oom_score_adj; // none: 0
    std::vector<ResourceLimit> limits;
    std::uint32_t as_permitted = 0; // bits of Attribute: where these are refused the child gets what it may have
    std::optional<std::uint64_t> capability_bounds; // 1 << number: all that it can ever have; none: as inherited
    std::uint64_t capabilities = 0; // that it must have; of another user than root given as ambient ones
    bool no_new_privs = false;
    std::vector<Bind> binds; // any at all: a mount namespace of its own
    std::vector<CgroupSetting> cgroup;
    Stdin stdin_kind = Stdin::null;
    ReadyBy ready_by = ReadyBy::none;
    std::uint32_t ready_fd = 0;            // the child's descriptor number with ReadyBy::fd
    std::uint32_t ring_bytes = 256 * 1024; // rounded up to pages, at least 128 KiB, at most 64 MiB
    std::uint32_t spawn_timeout_ms = 10'000;

    friend bool operator==(const SpawnSpec&, const SpawnSpec&) = default;
};

std::string encode(const SpawnSpec& spec);
// Errc::corrupt for truncated or trailing bytes and out-of-range values, an empty argv, or a NUL byte in a string.
base::Result<SpawnSpec> decode_spawn_spec(std::string_view bytes);

} // namespace processd::protocol
