// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/keeper_state.h"

#include "processd/protocol/ring.h"
#include "processd/protocol/spawn_spec.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace processd::keeper {

// Each returns what it is, for errors. Numbers are never given twice: what is gone leaves a gap.
template <class Io, Either<CarriedGroup> Group> const char* fields(Io& io, Group& g)
{
    io(1, g.name);
    io(2, g.dir);
    io(3, g.events);
    io(4, g.memory);
    io(5, g.worn);
    io(6, g.outlived);
    return "a cgroup";
}

template <class Io, Either<CarriedSweep> Sweep> const char* fields(Io& io, Sweep& s)
{
    io(1, s.pid);
    io(2, s.signal);
    io(3, s.pipe);
    io(4, s.found);
    io(5, s.not_ours);
    io(6, s.looking_at);
    io(7, s.finished);
    return "a sweep";
}

template <class Io, Either<protocol::ChildState> State> const char* fields(Io& io, State& s)
{
    io(1, s.id);
    io(2, s.request_id);
    io(3, s.pid);
    io(4, s.phase);
    io(5, s.flags);
    io(6, s.stage);
    io(7, s.stage_errno);
    io(8, s.attribute);
    io(9, s.reduced);
    io(10, s.wait_status);
    io(11, s.started_mono_ns);
    io(12, s.started_wall_ns);
    io(13, s.exited_mono_ns);
    io(14, s.exited_wall_ns);
    io(15, s.user_us);
    io(16, s.system_us);
    io(17, s.max_rss_kb);
    io(18, s.minor_faults);
    io(19, s.major_faults);
    io(20, s.blocks_in);
    io(21, s.blocks_out);
    io(22, s.switches);
    io(23, s.preemptions);
    io(24, s.consumed);
    io(25, s.seen);
    io(26, s.consumed_counts);
    io(27, s.ready_mono_ns);
    io(28, s.watchdog_mono_ns);
    io(29, s.extend_mono_ns);
    io(30, s.emptying);
    io(31, s.proof);
    io(32, s.survivor_count);
    io(33, s.survivors);
    io(34, s.stranger_count);
    io(35, s.strangers);
    io(36, s.ring_size);
    io(37, s.status);
    return "a child's state";
}

template <class Io, Either<CarriedChild> Child> const char* fields(Io& io, Child& c)
{
    io(1, c.state);
    io(2, c.label);
    io(3, c.cookie);
    io(4, c.uid);
    io(5, c.incarnation);
    io(6, c.reaped);
    io(7, c.pidfd);
    io(8, c.spec);
    io(9, c.ring);
    io(10, c.out);
    io(11, c.err);
    io(12, c.status);
    io(13, c.step);
    io(14, c.ready);
    io(15, c.notify);
    io(16, c.notify_path);
    io(17, c.group);
    io(18, c.group_watched);
    io(19, c.group_killed);
    io(20, c.seen);
    io(21, c.forgotten);
    io(22, c.spawn_until_mono_ns);
    io(23, c.empty_since_mono_ns);
    io(24, c.outlived);
    io(25, c.sweep_again);
    io(26, c.leftovers);
    io(27, c.unread);
    io(28, c.sweep);
    io(29, c.next_main);
    return "a child";
}

template <class Io, Either<CarriedCgroups> Groups> const char* fields(Io& io, Groups& g)
{
    io(1, g.path);
    io(2, g.why_not);
    io(3, g.all);
    io(4, g.made);
    io(5, g.pool);
    io(6, g.own);
    io(7, g.aside);
    io(8, g.why_none);
    io(9, g.usable);
    io(10, g.on);
    return "the cgroups";
}

template <class Io, Either<KeeperState> State> const char* fields(Io& io, State& s)
{
    io.hint(1, s.version);
    io(2, s.program);
    io(3, s.spec_format);
    io(4, s.ring_format);
    io(5, s.pid);
    io.hint(6, s.capabilities);
    io(7, s.epoch);
    io(8, s.upgrades);
    io(9, s.started_mono_ns);
    io(10, s.started_wall_ns);
    io(11, s.next_id);
    io(12, s.incarnation);
    io(13, s.manager_status);
    io(14, s.short_lives);
    io(15, s.orphans_reaped);
    io(16, s.newest_line);
    io(17, s.stop_budget_ns);
    io(18, s.log_level);
    io(19, s.reload_unsent);
    io(20, s.parent_notify);
    io(21, s.death_signal);
    io(22, s.parent);
    io(23, s.open_files);
    io(24, s.oom_score_adj_before);
    io.hint(25, s.told_strangers);
    io.hint(26, s.told_missing);
    io(27, s.sweepers);
    io(28, s.lock);
    io(29, s.api);
    io(30, s.steps);
    io.hint(31, s.own_program);
    io.hint(32, s.manager_program);
    io(33, s.cgroups);
    io(34, s.children);
    io.hint(35, s.cgroup_error);
    return "the keeper's state";
}

namespace {

constexpr off_t max_state = 256 * 1024 * 1024; // far more than children with the longest cookies can have
constexpr int max_steps = 1024;                // see StepSlots
constexpr int last_signal = 64;
constexpr std::uint32_t most_short_lives = 1'000'000'000;

base::Result<void> corrupt(const std::string& what) { return base::fail(base::Errc::corrupt, what); }

template <class T> bool has_twice(std::vector<T>& values)
{
    std::sort(values.begin(), values.end());
    return std::adjacent_find(values.begin(), values.end()) != values.end();
}

base::Result<void> check_group(const CarriedGroup& group)
{
    if ((group.dir.number < 0) != (group.events.number < 0) || (group.dir.number < 0) != group.name.empty())
        return corrupt("a cgroup of the state is none");
    return {};
}

// One that is to be removed by its name in the keeper's.
base::Result<void> check_group_inside(const CarriedGroup& group)
{
    if (group.name.find('/') != std::string::npos || group.name == "..")
        return corrupt("a cgroup of the state is elsewhere");
    return check_group(group);
}

base::Result<void> check(const CarriedChild& child, const KeeperState& all)
{
    const auto& s = child.state;
    const auto name = "child " + std::to_string(s.id) + " of the state ";
    if (s.id == 0 || s.id >= all.next_id) return corrupt(name + "has an id that was never given");
    if (s.phase > protocol::Phase::failed || s.stage > protocol::Stage::exec ||
        s.emptying > protocol::Emptying::survivors || s.proof > protocol::Proof::cgroup)
        return corrupt(name + "is in a state that does not exist");
    if (child.cookie.size() > protocol::max_cookie) return corrupt(name + "has too long a cookie");
    if (s.pid < 0 || (s.pid == 0 && !child.reaped)) return corrupt(name + "has no process to wait for");
    if (!child.next_main.empty() && (child.next_main.size() != 2 || child.next_main[0] <= 1))
        return corrupt(name + "has named a main process that cannot be");
    if (child.step < -1 || child.step >= max_steps || (child.step >= 0 && all.steps.number < 0))
        return corrupt(name + "is at a step that nobody can read");
    if (child.sweep.signal < 0 || child.sweep.signal > last_signal ||
        (child.sweep.pipe.number >= 0 && child.sweep.pid <= 0))
        return corrupt(name + "has a sweep that is none");
    return check_group_inside(child.group);
}

base::Result<void> check(const KeeperState& state)
{
    if (state.spec_format != protocol::spec_magic || state.ring_format != protocol::ring_magic)
        return corrupt("the state's specifications or rings are in a format that this version does not know");
    if (state.lock.number < 0 || state.api.number < 0) return corrupt("the state lacks the lock or the API's socket");
    if (state.program.empty() || state.program.front() != '/') return corrupt("the state does not name its program");
    if (state.sweepers.size() % 2 != 0 || (!state.open_files.empty() && state.open_files.size() != 2) ||
        state.oom_score_adj_before.size() > 1)
        return corrupt("a list of the state has the wrong length");
    if (state.stop_budget_ns < 0 || state.short_lives > most_short_lives || state.death_signal < 0 ||
        state.death_signal > last_signal)
        return corrupt("a number of the state cannot be");
    if (auto ok = check_group(state.cgroups.all); !ok) return ok;
    for (const auto& group : state.cgroups.pool)
        if (auto ok = check_group_inside(group); !ok) return ok;
    std::vector<std::uint64_t> ids;
    std::vector<std::int32_t> steps;
    std::vector<pid_t> pids; // to be reaped
    for (const auto& child : state.children) {
        if (auto ok = check(child, state); !ok) return ok;
        ids.push_back(child.state.id);
        if (child.step >= 0) steps.push_back(child.step);
        if (!child.reaped) pids.push_back(child.state.pid);
    }
    if (has_twice(ids) || has_twice(steps) || has_twice(pids))
        return corrupt("two children of the state have the same id, step or process");
    auto all = descriptors_of(state);
    if (has_twice(all) || (!all.empty() && all.front() <= STDERR_FILENO))
        return corrupt("two parts of the state have the same descriptor, or one of the standard ones");
    return {};
}

} // namespace

std::string encode(const KeeperState& state)
{
    FieldWriter writer;
    fields(writer, state);
    writer.end();
    const StateHeader header{state_magic, state_version, 0};
    return std::string(reinterpret_cast<const char*>(&header), sizeof header) + writer.bytes();
}

base::Result<KeeperState> decode_state(std::string_view bytes)
{
    StateHeader header{};
    if (bytes.size() < sizeof header) return base::fail(base::Errc::corrupt, "a keeper's state is cut off");
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.magic != state_magic) return base::fail(base::Errc::corrupt, "this is no keeper's state");
    if (header.version != state_version)
        return base::fail(base::Errc::corrupt, "the keeper's state has format " + std::to_string(header.version) +
                                                   ", and this version knows format " + std::to_string(state_version) +
                                                   " only");
    FieldReader reader(bytes.substr(sizeof header));
    KeeperState state;
    const char* const what = fields(reader, state);
    if (auto read = reader.finish(what); !read) return tl::unexpected(read.error());
    if (!reader.ended()) return base::fail(base::Errc::corrupt, "the keeper's state is cut off");
    if (auto sound = check(state); !sound) return tl::unexpected(sound.error());
    return state;
}

base::Result<base::UniqueFd> seal_state(const KeeperState& state)
{
    base::UniqueFd fd{::memfd_create("ctdb-processd-state", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    if (!fd) return base::fail(errno, "create memory for the keeper's state");
    const auto bytes = encode(state);
    for (std::size_t at = 0; at < bytes.size();) {
        const auto n = ::write(fd.get(), bytes.data() + at, bytes.size() - at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return base::fail(errno, "write down the keeper's state");
        at += static_cast<std::size_t>(n);
    }
    if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return base::fail(errno, "seal the keeper's state");
    return fd;
}

base::Result<KeeperState> read_state(int fd)
{
    struct stat info {};
    if (::fstat(fd, &info) < 0) return base::fail(errno, "look at the keeper's state");
    const int seals = ::fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_WRITE) == 0 || info.st_size > max_state)
        return base::fail(base::Errc::corrupt, "descriptor " + std::to_string(fd) + " is no keeper's state");
    // Mapped, not read: it may be long, and what the heap has once grown to is locked for good.
    const auto size = static_cast<std::size_t>(info.st_size);
    void* memory = size > 0 ? ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    if (memory == MAP_FAILED) return base::fail(errno, "map the keeper's state");
    auto state = decode_state({static_cast<const char*>(memory), size});
    ::munmap(memory, size);
    return state;
}

std::vector<int> descriptors_of(const KeeperState& state)
{
    std::vector<int> all;
    FdVisitor visit([&](const CarriedFd& fd) {
        if (fd.number >= 0) all.push_back(fd.number);
    });
    fields(visit, state);
    std::sort(all.begin(), all.end());
    return all;
}

} // namespace processd::keeper
