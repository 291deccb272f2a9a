// SPDX-License-Identifier: GPL-3.0-or-later
// Births: a request becomes a child, whatever happens: one that runs, or one in Phase::failed that says where and why.
#include "helpers/base/log.h"
#include "processd/keeper/keeper.h"
#include "processd/keeper/pidfd.h"
#include "processd/keeper/sockets.h"

#include <algorithm>
#include <climits>
#include <csignal>
#include <fcntl.h>
#include <new>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace processd::keeper {

using protocol::Phase;
using protocol::Stage;

// The child's ends of its pipes, until the clone.
struct ChildEnds {
    base::UniqueFd in, out, err, ready, status;
};

namespace {

constexpr off_t max_spec = 8 * 1024 * 1024; // more than the kernel takes as arguments and environment
constexpr auto default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

int errno_of(const base::Error& error)
{
    return error.code.category() == std::generic_category() ? error.code.value() : EINVAL;
}

base::Result<protocol::SpawnSpec> read_spec(int fd)
{
    // Sealed: what is read now is what the next manager will read, and it cannot shrink meanwhile.
    const int seals = ::fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) == 0)
        return base::fail(EINVAL, "a spawn specification does not come in a memfd sealed against writing");
    struct stat info {};
    if (::fstat(fd, &info) < 0) return base::fail(errno, "look at a spawn specification");
    if (info.st_size > max_spec) return base::fail(E2BIG, "a spawn specification is too long");
    std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
    const auto n = ::pread(fd, bytes.data(), bytes.size(), 0);
    if (n < 0) return base::fail(errno, "read a spawn specification");
    bytes.resize(static_cast<std::size_t>(n));
    return protocol::decode_spawn_spec(bytes);
}

// The specification in the forms that system calls want.
struct Words {
    std::vector<std::string> programs;
    std::vector<std::string> added_env;

    void fill(ChildPlan& plan, protocol::SpawnSpec& spec)
    {
        const auto& name = spec.argv.front();
        if (name.find('/') != std::string::npos) {
            programs.push_back(name);
        } else {
            std::string_view path = default_path;
            for (const auto& entry : spec.env)
                if (entry.rfind("PATH=", 0) == 0) path = std::string_view(entry).substr(5);
            for (std::size_t at = 0; at <= path.size();) {
                const auto end = std::min(path.find(':', at), path.size());
                const auto directory = path.substr(at, end - at);
                programs.push_back((directory.empty() ? "." : std::string(directory)) + "/" + name);
                at = end + 1;
            }
        }
        for (const auto& program : programs) plan.programs.push_back(program.c_str());
        for (auto& word : spec.argv) plan.argv.push_back(word.data());
        plan.argv.push_back(nullptr);
        for (auto& entry : spec.env) { // what we add takes the place of what a keeper above us has added
            const auto same_name = [&](const std::string& added) {
                return entry.compare(0, added.find('=') + 1, added, 0, added.find('=') + 1) == 0;
            };
            if (std::none_of(added_env.begin(), added_env.end(), same_name)) plan.env.push_back(entry.data());
        }
        for (auto& entry : added_env) plan.env.push_back(entry.data());
        plan.env.push_back(nullptr);
    }
};

void decide_identity(ChildPlan& plan, const protocol::SpawnSpec& spec, const Baseline& baseline)
{
    std::vector<gid_t> groups(spec.groups.begin(), spec.groups.end());
    std::sort(groups.begin(), groups.end());
    plan.set_uid = spec.uid != baseline.uid;
    plan.set_gid = spec.gid != baseline.gid;
    plan.set_groups = groups != baseline.groups;
}

std::vector<unsigned long> cpu_mask(const std::vector<std::uint32_t>& cpus)
{
    constexpr std::size_t bits = sizeof(unsigned long) * CHAR_BIT;
    std::vector<unsigned long> mask;
    for (const auto cpu : cpus) {
        if (mask.size() <= cpu / bits) mask.resize(cpu / bits + 1);
        mask[cpu / bits] |= 1UL << cpu % bits;
    }
    return mask;
}

} // namespace

void Keeper::spawn(const protocol::Spawn& request, std::string_view cookie, std::vector<base::UniqueFd>& fds)
{
    if (const auto known = requests_.find(request.request_id); known != requests_.end()) {
        if (Child* const child = find(known->second); child != nullptr) mark_dirty(*child);
        return;
    }
    const auto id = next_id_++;
    Child& child = children_[id];
    requests_[request.request_id] = id;
    child.incarnation = incarnation_;
    child.cookie = cookie;
    child.state.id = id;
    child.state.request_id = request.request_id;
    child.state.proof = setup_.cgroups.usable() ? protocol::Proof::cgroup : protocol::Proof::sweep;
    child.state.started_mono_ns = base::to_ns(base::now());
    child.state.started_wall_ns = base::to_ns(base::wall_now());
    child.state.phase = Phase::failed; // until there is a process
    child.state.stage = Stage::request;
    base::Result<void> done;
    try {
        done = try_spawn(child, fds);
    } catch (const std::bad_alloc&) { // nothing that allocates comes after the clone
        done = base::fail(ENOMEM, "start a process");
    }
    if (!done) {
        base::log::debug("a process was not started", {{"child", id}, {"reason", done.error().message()}});
        fail(child, child.state.stage, errno_of(done.error()));
    }
    mark_dirty(child);
}

base::Result<void> Keeper::try_spawn(Child& child, std::vector<base::UniqueFd>& fds)
{
    if (fds.empty()) return base::fail(EMFILE, "a spawn request came without its specification");
    child.spec = std::move(fds[0]);
    auto spec = read_spec(child.spec.get());
    if (!spec) return tl::unexpected(spec.error());
    child.label = spec->label;
    child.uid = spec->uid;

    auto parts = take_parts(spec->ring_bytes);
    if (!parts) return tl::unexpected(parts.error());
    child.ring = std::move(parts->ring);
    child.ring.set_owner(child.id());
    child.state.ring_size = static_cast<std::uint32_t>(child.ring.size());
    ChildEnds ends;
    if (spec->stdin_kind == protocol::Stdin::data) {
        if (fds.size() < 2) return base::fail(EMFILE, "a spawn request came without its standard input");
        ends.in = reopen_read_only(fds[1].get()); // an offset of its own, whoever else holds the memfd
        if (!ends.in && ::lseek(fds[1].get(), 0, SEEK_SET) == 0) ends.in = std::move(fds[1]);
    } else {
        ends.in = std::move(parts->null);
    }
    if (!ends.in) return base::fail(errno, "open standard input");
    if (auto connected = connect_pipes(child, *spec, *parts, ends); !connected) return connected;
    child.step = steps_.take();
    if (!child.step) return base::fail(EAGAIN, "too many children are between clone and exec");
    if (auto taken = take_cgroup(child, *spec); !taken) return taken;

    Words words;
    words.added_env.push_back(std::string(mark_name) + "=" + std::to_string(setup_.epoch) + "." +
                              std::to_string(child.id()));
    if (child.notify) words.added_env.push_back("NOTIFY_SOCKET=" + child.notify_path);
    ChildPlan plan;
    plan.spec = &*spec;
    plan.baseline = &setup_.baseline;
    plan.step = steps_.at(*child.step);
    plan.status = ends.status.get();
    plan.in = ends.in.get();
    plan.out = ends.out.get();
    plan.err = ends.err.get();
    plan.ready = ends.ready.get();
    plan.cpu_mask = cpu_mask(spec->cpus);
    words.fill(plan, *spec);
    decide_identity(plan, *spec, setup_.baseline);
    timers_.set(Timer::spawn_timeout, child.id(), base::now() + std::chrono::milliseconds{spec->spawn_timeout_ms});
    leaders_.reserve(leaders_.size() + 1);
    child.state.stage = Stage::clone;
    auto cloned = clone_child(child, plan);
    if (!cloned) return cloned;
    // Held, these keep end of file away until we have reaped the leader: its death is one thing to wake up for, not
    // three.
    child.out_end = std::move(ends.out);
    child.err_end = std::move(ends.err);
    return {};
}

// One set is made ahead of the next request, which then waits for little more than the clone.
void Keeper::prepare_parts()
{
    if (!std::exchange(parts_taken_, false) || parts_) return;
    if (auto parts = ChildParts::make(protocol::SpawnSpec{}.ring_bytes); parts) parts_ = std::move(*parts);
}

base::Result<ChildParts> Keeper::take_parts(std::uint64_t ring_bytes)
{
    parts_taken_ = true;
    if (!parts_ || parts_->ring.size() != RingMemory::size_for(ring_bytes)) return ChildParts::make(ring_bytes);
    auto parts = std::move(*parts_);
    parts_.reset();
    return parts;
}

base::Result<void> Keeper::connect_pipes(Child& child, const protocol::SpawnSpec& spec, ChildParts& parts,
                                         ChildEnds& ends)
{
    const auto connect = [&](Pipe& pipe, const char* what, Source source, base::UniqueFd& ours,
                             base::UniqueFd& theirs) -> base::Result<void> {
        ours = std::move(pipe.read_end);
        theirs = std::move(pipe.write_end);
        if (const int error = poller_.add(ours.get(), EPOLLIN, source, child.id()); error != 0)
            return base::fail(error, std::string("wait for ") + what);
        return {};
    };
    if (auto made = connect(parts.out, "standard output", Source::out, child.out, ends.out); !made) return made;
    if (auto made = connect(parts.err, "standard error", Source::err, child.err, ends.err); !made) return made;
    child.status = std::move(parts.status.read_end); // not waited for yet: see look_at_starts()
    ends.status = std::move(parts.status.write_end);
    if (spec.ready_by == protocol::ReadyBy::fd) {
        auto pipe = Pipe::make("readiness");
        if (!pipe) return tl::unexpected(pipe.error());
        return connect(*pipe, "readiness", Source::ready, child.ready, ends.ready);
    }
    if (spec.ready_by != protocol::ReadyBy::notify) return {};
    child.notify_path = setup_.options.notify_dir() + "/" + std::to_string(child.id());
    auto socket = notify_socket_at(child.notify_path);
    if (!socket) return tl::unexpected(socket.error());
    child.notify = std::move(*socket);
    if (const int error = poller_.add(child.notify.get(), EPOLLIN, Source::notify, child.id()); error != 0)
        return base::fail(error, "wait for notifications");
    return {};
}

base::Result<void> Keeper::take_cgroup(Child& child, const protocol::SpawnSpec& spec)
{
    const bool limited = !spec.cgroup.empty();
    if (!setup_.cgroups.usable()) {
        if (limited) limits_unmet(child, "all", setup_.cgroups.why_not());
        return {};
    }
    auto group = limited ? setup_.cgroups.make() : setup_.cgroups.take();
    if (!group) {
        base::log::warning("a child gets no cgroup of its own", {{"reason", group.error().message()}});
        if (limited) limits_unmet(child, "all", group.error().message());
        child.state.proof = protocol::Proof::sweep;
        return {};
    }
    child.group = std::move(*group);
    if (!limited) return {};
    const auto result = setup_.cgroups.limit(child.group, spec.cgroup);
    for (const auto& missing : result.missing) limits_unmet(child, missing.file, missing.reason);
    if (result.error == 0) return {};
    if ((result.error == EPERM || result.error == EACCES) &&
        (spec.as_permitted & bit(protocol::Attribute::cgroup)) != 0) {
        limits_unmet(child, spec.cgroup[result.refused].file, "it is not permitted");
        return {};
    }
    child.state.stage = Stage::cgroup;
    child.state.attribute = static_cast<std::uint32_t>(protocol::Attribute::cgroup) |
                            static_cast<std::uint32_t>(result.refused) << protocol::attribute_bits;
    return base::fail(result.error,
                      "write \"" + spec.cgroup[result.refused].value + "\" to " + spec.cgroup[result.refused].file);
}

// A host without a controller is no reason not to start: it is said once, and of each child in its state.
void Keeper::limits_unmet(Child& child, const std::string& what, const std::string& reason)
{
    child.state.reduced |= bit(protocol::Attribute::cgroup);
    if (told_missing_.insert(what).second)
        base::log::warning("a limit of cgroups cannot be had here, and nobody who asks for it is bounded",
                           {{"limit", what}, {"reason", reason}, {"asked_by", child.label}});
}

base::Result<void> Keeper::clone_child(Child& child, ChildPlan& plan)
{
    auto cloned = cloner_.start(plan, child.group.dir.get());
    if (!cloned && child.group) {
        // Somebody has removed the cgroup, or made it one that takes no processes. One more try, without.
        const int error = errno_of(cloned.error());
        if (error == ENODEV || error == ENOENT || error == EBUSY || error == EACCES || error == EOPNOTSUPP) {
            base::log::warning("a child's cgroup does not take it", {{"reason", cloned.error().message()}});
            setup_.cgroups.discard(std::move(child.group));
            child.group = {};
            child.state.proof = protocol::Proof::sweep;
            if (!plan.spec->cgroup.empty()) limits_unmet(child, "all", cloned.error().message());
            cloned = cloner_.start(plan, -1);
        }
    }
    if (!cloned) return tl::unexpected(cloned.error());
    child.reaped = false;
    child.pidfd = std::move(cloned->pidfd);
    leaders_[cloned->pid] = child.id();
    child.state.pid = cloned->pid;
    child.state.phase = Phase::starting;
    child.state.stage = Stage::none;
    child.state.started_mono_ns = base::to_ns(base::now());
    child.state.started_wall_ns = base::to_ns(base::wall_now());
    if (child.group) child.set(protocol::flag_populated);
    return {};
}

// No process has come of it.
void Keeper::fail(Child& child, Stage stage, int error)
{
    child.state.phase = Phase::failed;
    child.state.stage = stage;
    child.state.stage_errno = error;
    child.state.exited_mono_ns = base::to_ns(base::now());
    child.state.exited_wall_ns = base::to_ns(base::wall_now());
    child.state.ring_size = 0;
    child.state.flags = protocol::flag_drained | protocol::flag_eof;
    timers_.cancel(Timer::spawn_timeout, child.id());
    release_step(child);
    child.ring = {};
    for (base::UniqueFd* const fd : {&child.out, &child.err, &child.status, &child.ready, &child.notify}) {
        poller_.remove(fd->get());
        fd->reset();
    }
    if (!child.notify_path.empty()) ::unlink(child.notify_path.c_str());
    if (child.group) setup_.cgroups.give_back(std::move(child.group));
    child.group = {};
}

void Keeper::release_step(Child& child)
{
    if (child.step) steps_.give_back(*child.step);
    child.step.reset();
}

} // namespace processd::keeper
