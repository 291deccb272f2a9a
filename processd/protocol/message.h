// SPDX-License-Identifier: GPL-3.0-or-later
// processd/protocol/message.h: what keeper and manager say to each other; docs/keeper-protocol.md is the prose.
// One SOCK_SEQPACKET pair per manager incarnation, host byte order, one message per packet of at most max_message
// bytes, file descriptors by SCM_RIGHTS. Both programs come from one package: a different version is refused, not
// translated.
//
// The keeper speaks in states, not in events: whenever something about a child changed it sends the child's whole
// ChildState, and a newer one replaces an older one. So a slow reader costs the keeper one dirty bit per child, and the
// hand-over to a new manager is the same message once for every child.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

namespace processd::protocol {

using ChildId = std::uint64_t; // given by the keeper, counts from 1, never reused in one keeper life

inline constexpr std::uint32_t magic = 0x4d4b5043; // "CPKM"
inline constexpr std::uint16_t version = 8;
inline constexpr std::size_t max_message = 32 * 1024;
inline constexpr std::size_t max_cookie = 4096;
inline constexpr int manager_channel_fd = 3; // where a manager finds its end

enum class Type : std::uint16_t {
    // keeper → manager
    hello = 1,     // Hello, with the API's listening socket
    child = 2,     // ChildState and (with flag has_cookie) the cookie; fds: see ChildState::fds
    hello_end = 3, // all children that existed at hello have been told
    stop = 4,      // Stop: end all services in order until the deadline, then answer stopped
    reload = 5,    // the keeper got SIGHUP
    figures = 6,   // Figures: the answer to ask_figures
    upgrade = 7,   // Upgrade: the answer to ask_upgrade

    // manager → keeper
    spawn = 16,    // Spawn and the cookie; fds: specification memfd, then a stdin memfd if the specification says so
    signal = 17,   // Signal
    empty = 18,    // Child: SIGKILL everything that descends from it until nothing is found; see ChildState::emptying
    watch = 19,    // Watch: output up to here is consumed; tell when the ring has more
    cookie = 20,   // Child and a new cookie
    ack = 21,      // Child: its end is on record, forget it
    read = 22,     // header only: "I have handled your messages up to read_seq"
    ready = 23,    // header only: the API is being served
    stopped = 24,  // Stopped: the stop is over, the keeper may leave
    settings = 25, // Settings
    ask_stop = 26, // header only: begin the orderly stop (as SIGTERM to the keeper does)
    ask_figures = 27, // header only: what has the keeper counted?
    ask_upgrade = 28, // header only: give way to the program that is installed now
};

struct Header {
    std::uint32_t magic;
    std::uint16_t version;
    std::uint16_t type;
    std::uint32_t size; // of the whole message
    std::uint32_t reserved;
    std::uint64_t seq;      // of this message, counts from 1 in each direction
    std::uint64_t read_seq; // highest seq of the other side that the sender has handled
};

enum class Proof : std::uint32_t { sweep = 0, cgroup = 1 };
enum class ManagerEnd : std::uint32_t { first_start = 0, ended = 1, hung = 2, replaced = 3 };

// What the host offers the keeper, found by probing at its start.
enum Ability : std::uint64_t {
    ability_clone3 = 1U << 0,
    ability_clone_into_cgroup = 1U << 1,
    ability_cgroup_v2 = 1U << 2,
    ability_cgroup_kill = 1U << 3,
    ability_pidfd = 1U << 4,
    ability_close_range = 1U << 5,
    ability_subreaper = 1U << 6,
    ability_mlock_onfault = 1U << 7,
    ability_oom_protect = 1U << 8,
    ability_priority = 1U << 9,
};
inline constexpr std::size_t ability_slots = 16;

struct Hello {
    std::uint64_t epoch; // names this keeper life in resume tokens: its start, wall clock, in microseconds
    std::int32_t keeper_pid;
    std::uint32_t incarnation;     // 1 for the first manager of this keeper
    ManagerEnd previous_end;       // what became of the manager before
    std::int32_t previous_status;  // its wait status
    std::int64_t started_mono_ns;  // of the keeper
    std::int64_t started_wall_ns;  // of the keeper
    Proof proof;                   // how "stopped means empty" is proven here
    std::uint32_t stopping;        // 1: an orderly stop is under way
    std::int64_t stop_deadline_ns; // CLOCK_MONOTONIC, if stopping
    std::uint64_t next_child_id;
    std::uint64_t abilities; // of Ability
    std::uint64_t orphans_reaped;
    std::uint64_t children;       // how many child messages follow
    std::uint64_t newest_line;    // the highest that a manager of this keeper has said by watch; 0 for none
    std::array<char, 40> boot_id; // NUL-terminated
    std::array<char, 256> cgroup; // NUL-terminated path of the keeper's cgroup directory, empty without
    std::array<std::int32_t, ability_slots> ability_errors; // by bit: the errno of what is missing; 0: never asked for
    std::array<char, 96> controllers; // NUL-terminated names, a blank between them, of what limits of cgroups can use
    std::uint32_t upgrades;           // how often this keeper life has changed its program
    std::uint32_t reserved;           // 0
    std::array<char, 48> version;     // NUL-terminated, of the keeper's program
};

enum class Phase : std::uint32_t {
    starting = 0, // cloned, exec has not succeeded yet
    running = 1,
    exited = 2, // leader reaped: wait_status and usage are filled
    failed = 3, // it never became the command: stage and stage_errno say where; wait_status is of the half-made child
};

// The steps between clone and exec, in order. A child stuck in one is failed with stuck set.
enum class Stage : std::uint32_t {
    none = 0,
    request, // the specification was malformed or the keeper lacked a resource (errno says which)
    clone,
    mask,
    session,
    fds,
    cgroup,
    limits,
    scheduler,
    umask,
    mounts,
    groups,
    gid,
    bounds, // of capabilities
    uid,
    capabilities,
    no_new_privs,
    chdir,
    exec,
};

// What the kernel may refuse one by one: which it was, in the failure of a child, and as bits (1 << Attribute) what was
// not given in full or need not be. Above attribute_bits a limit has its RLIMIT_*, capabilities have the number of one,
// and a source, target or
// setting of the cgroup its place in the specification, from 0.
enum class Attribute : std::uint32_t {
    none = 0,
    oom_score_adj,
    scheduler,
    nice,
    io_class,
    cpus,
    limits,
    capabilities,
    bind_source,
    bind_target,
    cgroup,
};
inline constexpr std::uint32_t attribute_bits = 8;
constexpr std::uint32_t bit(Attribute attribute) { return 1U << static_cast<std::uint32_t>(attribute); }

enum ChildFlag : std::uint32_t {
    flag_drained = 1U << 0,    // leader reaped and both pipes read until nothing was left at that moment
    flag_eof = 1U << 1,        // both pipes are closed by everyone: no late output can come
    flag_ready = 1U << 2,      // READY=1 or the readiness newline has come
    flag_stuck = 1U << 3,      // failed because it did not get past stage in time
    flag_oom = 1U << 4,        // the kernel's OOM killer was seen in its cgroup
    flag_populated = 1U << 5,  // processes of its tree exist (known with cgroup proof only)
    flag_stopping = 1U << 6,   // STOPPING=1 has come
    flag_has_cookie = 1U << 7, // this message carries the cookie (hand-over)
    flag_has_fds = 1U << 8,    // this message carries the ring, if there is one, then the specification memfd
    flag_reloading = 1U << 9,  // RELOADING=1 has come, and no READY=1 since
    flag_trouble = 1U << 10,   // WATCHDOG=trigger has come
    flag_oom_known = 1U << 11, // its end is known to be with flag_oom or without
    flag_oom_limit = 1U << 12, // it ran into its own memory.max
};

enum class Emptying : std::uint32_t { none = 0, running = 1, done = 2, survivors = 3 };

struct ChildState {
    ChildId id;
    std::uint64_t request_id; // of the spawn message
    std::int32_t pid;
    Phase phase;
    std::uint32_t flags; // of ChildFlag
    Stage stage;         // of a failed child
    std::int32_t stage_errno;
    std::uint32_t attribute;                       // of a child that failed at a stage that has any: which one
    std::uint32_t reduced;                         // attributes that were not permitted as asked, and need not be
    std::int32_t wait_status;                      // as from waitid's siginfo, in wait(2) encoding
    std::int64_t started_mono_ns, started_wall_ns; // when exec succeeded (or clone, until then)
    std::int64_t exited_mono_ns, exited_wall_ns;
    std::int64_t user_us, system_us; // rusage of leader and its waited-for children
    std::int64_t max_rss_kb, minor_faults, major_faults, blocks_in, blocks_out, switches, preemptions;
    std::uint64_t ring_head;                      // absolute offset of the end of output
    std::uint64_t consumed;                       // as the manager last said by watch
    std::uint64_t seen;                           // likewise; at hand-over, of the manager before
    std::array<std::uint64_t, 4> consumed_counts; // likewise: stdout bytes, dropped; stderr bytes, dropped
    std::int64_t ready_mono_ns;
    std::int64_t watchdog_mono_ns; // last WATCHDOG=1, 0 for never
    std::int64_t extend_mono_ns;   // until when EXTEND_TIMEOUT_USEC= asks not to be given up, 0 for never
    Emptying emptying;
    Proof proof;
    std::uint32_t survivor_count; // with Emptying::done those that outlived the leader and were killed
    std::array<std::int32_t, 8> survivors;
    std::uint32_t stranger_count; // orphans that may be of its tree or of another: a sweep cannot tell, so they live on
    std::array<std::int32_t, 8> strangers;
    std::uint32_t ring_size;      // data bytes
    std::uint32_t cookie_size;    // bytes after this struct, with flag_has_cookie
    std::array<char, 160> status; // last STATUS=, NUL-terminated
};

struct Stop {
    std::int64_t deadline_mono_ns;
};
struct Figures { // what only the keeper counts
    std::uint64_t orphans_reaped;
};
enum class UpgradeAnswer : std::uint32_t {
    refused = 0,  // nothing has changed
    stopping = 1, // likewise, as the keeper stops
    accepted = 2, // the manager is to end; the new program's manager comes next
    failed = 3,   // it was accepted and could not be done; everything is as it was
};
struct Upgrade {
    UpgradeAnswer answer;
    std::uint32_t reserved;
    std::array<char, 48> version; // NUL-terminated, of the new program; empty where that is not known
    std::array<char, 720> reason; // NUL-terminated, if not accepted
};
struct Stopped {
    std::uint32_t in_order; // 0: the stop budget was spent, and what was left was killed
    std::uint32_t reserved;
};
struct Spawn {
    std::uint64_t request_id; // unique per manager; a repeated id answers with the existing child
    std::uint32_t cookie_size;
    std::uint32_t reserved;
};
enum class Scope : std::uint32_t { leader = 0, group = 1, tree = 2 };
struct Signal {
    ChildId child;
    std::int32_t signal;
    Scope scope; // the new cookie may follow
};
struct Child { // empty, ack; cookie: the bytes follow
    ChildId child;
    std::uint32_t cookie_size;
    std::uint32_t reserved;
};
struct Watch {
    ChildId child;
    std::uint64_t consumed; // ring offset up to which output is in the manager's sinks; kept for the next manager
    std::uint64_t seen; // ring offset up to which it was read; a ChildState follows as soon as ring_head is beyond it
    std::array<std::uint64_t, 4> counts; // the manager's totals at `consumed`, only kept: see ChildState
    std::uint64_t newest_line;           // number of the newest line made of any output by then, only kept: see Hello
};
inline constexpr std::uint32_t nobody = UINT32_MAX; // no id of a user or group
struct Settings {
    std::int64_t stop_budget_ns; // orderly stop: from its beginning to the keeper's own KILL of what is left
    std::uint32_t api_mode;      // of the API socket
    std::uint32_t log_level;     // of base::log::Level
    std::uint32_t api_uid;       // owner of the API socket; nobody leaves it
    std::uint32_t api_gid;       // likewise
};

static_assert(sizeof(Header) == 32 && std::is_trivially_copyable_v<Hello> && std::is_trivially_copyable_v<ChildState>);
static_assert(sizeof(ChildState) + sizeof(Header) + max_cookie <= max_message);

} // namespace processd::protocol
