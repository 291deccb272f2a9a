// SPDX-License-Identifier: GPL-3.0-or-later
// "Started means tracked": each system call on the way from the request to exec fails once, by strace's injection. A
// spawn then either works or is in Phase::failed, the keeper lives on, and the next spawn works.
#include "tests/processd/keeper/keeper_under_test.h"

#include <csignal>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/fanotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace keeper_test;
using protocol::Emptying;
using protocol::Phase;
using protocol::Proof;
using protocol::Stage;
using protocol::Stream;

namespace {

// strace on a running keeper, failing calls as `injection` says; lets go of it at the end of its life.
class Injection {
public:
    // path: only calls with this file.
    Injection(const KeeperUnderTest& keeper, const std::string& injection, bool children, const std::string& path = "")
        : trace_(keeper.directory() + "/trace")
    {
        const auto said = keeper.directory() + "/strace";
        ::unlink(said.c_str());
        ::unlink(trace_.c_str());
        const auto pid = std::to_string(keeper.pid());
        const auto call = injection.substr(0, injection.find(':'));
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGINT);
            const int fd = ::open(said.c_str(), O_WRONLY | O_CREAT, 0644);
            ::dup2(fd, STDERR_FILENO);
            std::vector<std::string> argv{
                "strace", "-o", trace_, "-p", pid, "-e", "trace=" + call, "-e", "inject=" + injection};
            if (children) argv.push_back("-f");
            if (!path.empty()) argv.insert(argv.end(), {"-P", path});
            std::vector<char*> pointers;
            for (auto& word : argv) pointers.push_back(word.data());
            pointers.push_back(nullptr);
            ::execvp(pointers[0], pointers.data());
            ::_exit(1);
        }
        REQUIRE(eventually([&] { return read_file(said).find("attached") != std::string::npos; }));
    }
    Injection(const Injection&) = delete;
    Injection& operator=(const Injection&) = delete;
    ~Injection() { end(); }

    // True if a call has failed.
    bool end()
    {
        if (pid_ > 0) {
            ::kill(pid_, SIGINT);
            ::waitpid(pid_, nullptr, 0);
            pid_ = 0;
        }
        return read_file(trace_).find("(INJECTED)") != std::string::npos;
    }

private:
    std::string trace_;
    pid_t pid_;
};

#ifdef __SANITIZE_ADDRESS__
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif

bool can_trace() { return ::geteuid() == 0 && std::system("command -v strace > /dev/null") == 0; }

// A child that uses as much of the spawn path as one can.
protocol::SpawnSpec everything()
{
    auto spec = shell("cat; echo err >&2; exit 3");
    spec.stdin_kind = protocol::Stdin::data;
    spec.ready_by = protocol::ReadyBy::notify;
    spec.cgroup = {{"memory.max", "1073741824"}}; // had or not, it gets a new cgroup
    return spec;
}

void check_tracked_or_failed(ManagerSide& manager, KnownChild& child, bool output = true)
{
    manager.wait_ended(child);
    if (child.state.phase == Phase::exited) {
        CHECK(WEXITSTATUS(child.state.wait_status) == 3);
        if (output) CHECK(child.ring->text(Stream::out) == "input");
        if (output) CHECK(child.ring->text(Stream::err) == "err\n");
    } else {
        CHECK(child.state.stage != Stage::none);
    }
    manager.empty(child);
    manager.wait_emptied(child);
    manager.ack(child);
}

} // namespace

TEST_CASE("each system call of the keeper's side of a spawn fails once, and nothing is lost", "[keeper][faults]")
{
    if (!can_trace()) {
        WARN("no strace, or not root: not tested");
        return;
    }
    const auto proof = GENERATE(Proof::cgroup, Proof::sweep);
    Start start;
    start.without_cgroups = proof == Proof::sweep;
    KeeperUnderTest keeper{start};
    const auto manager = keeper.manager();
    const auto calls = {
        "fcntl:error=EMFILE",        "newfstatat:error=EIO",   "pread64:error=EIO",    "openat:error=EMFILE",
        "memfd_create:error=ENFILE", "ftruncate:error=ENOMEM", "mmap:error=ENOMEM",    "madvise:error=EINVAL",
        "pipe2:error=EMFILE",        "epoll_ctl:error=ENOSPC", "socket:error=EMFILE",  "setsockopt:error=ENOMEM",
        "bind:error=ENOSPC",         "chmod:error=EIO",        "mkdirat:error=ENOSPC", "clone3:error=EAGAIN",
        "clone3:error=ENOSYS",       "clone3:error=EPERM",     "clone3:error=EBUSY",   "clone:error=EAGAIN",
        "pidfd_open:error=EMFILE",   "read:error=EIO",         "close:error=EIO",      "lseek:error=EIO"};
    int injected = 0;
    for (const char* const call : calls) {
        // The sanitizer's own allocator maps memory when it needs some, and ends the program if it gets none.
        if (is_sanitized && std::string(call).rfind("mmap:", 0) == 0) continue;
        for (int at = 1; at < 12; ++at) {
            INFO(call << " the " << at << ". time");
            Injection injection{keeper, std::string(call) + ":when=" + std::to_string(at), false};
            const auto request = manager->send_spawn(everything(), "cookie", "input");
            auto& child = manager->children()[manager->child_of(request)];
            // A pipe that cannot be read loses what is in it, and the log says so.
            check_tracked_or_failed(*manager, child, std::string(call).rfind("read:", 0) != 0);
            const bool hit = injection.end();
            auto& next = manager->run(everything(), "input");
            CHECK(next.state.phase == Phase::exited);
            check_tracked_or_failed(*manager, next);
            if (!hit) break;
            ++injected;
        }
    }
    CHECK(injected > 30);
    CHECK(!keeper.has_ended());
    CHECK(is_alive(keeper.pid()));
    ::kill(manager->pid(), SIGKILL);
    CHECK(keeper.manager()->hello()->children == 0);
}

TEST_CASE("each system call of the child's side fails once, and its stage and errno are told", "[keeper][faults]")
{
    if (!can_trace()) {
        WARN("no strace, or not root: not tested");
        return;
    }
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    auto spec = command({"/bin/true"});
    spec.nice = 1;
    spec.io_class = 2;
    spec.scheduler = SCHED_BATCH;
    spec.cpus = {0};
    spec.oom_score_adj = 10;
    spec.limits = {{RLIMIT_CORE, 0, 0}};
    spec.uid = spec.gid = 65534;
    spec.groups = {7};
    spec.capability_bounds = ~std::uint64_t{1U << CAP_CHOWN}; // one to take away, so that few calls do it
    spec.capabilities = 1U << CAP_KILL;
    spec.no_new_privs = true;
    spec.binds = {{"/bin/true", "/bin/false", true}};
    const std::vector<std::pair<std::string, Stage>> calls{{"rt_sigprocmask", Stage::mask},
                                                           {"setsid", Stage::session},
                                                           {"dup3", Stage::fds},
                                                           {"prlimit64", Stage::limits},
                                                           {"sched_setscheduler", Stage::scheduler},
                                                           {"setpriority", Stage::scheduler},
                                                           {"ioprio_set", Stage::scheduler},
                                                           {"sched_setaffinity", Stage::scheduler},
                                                           {"unshare", Stage::mounts},
                                                           {"mount", Stage::mounts},
                                                           {"faccessat", Stage::mounts},
                                                           {"mount:2", Stage::mounts},
                                                           {"statfs", Stage::mounts},
                                                           {"mount:3", Stage::mounts},
                                                           {"setgroups", Stage::groups},
                                                           {"setresgid", Stage::gid},
                                                           {"prctl", Stage::bounds},   // whether it is there
                                                           {"prctl:2", Stage::bounds}, // taking it away
                                                           {"prctl:3", Stage::uid},    // PR_SET_KEEPCAPS
                                                           {"setresuid", Stage::uid},
                                                           {"capget", Stage::capabilities},
                                                           {"capset", Stage::capabilities},
                                                           {"prctl:4", Stage::capabilities}, // making it ambient
                                                           {"prctl:5", Stage::no_new_privs},
                                                           {"chdir", Stage::chdir},
                                                           {"execve", Stage::exec}};
    for (const auto& [call, stage] : calls) {
        INFO(call);
        const auto colon = call.find(':');
        const auto when = colon == std::string::npos ? "1" : call.substr(colon + 1);
        Injection injection{keeper, call.substr(0, colon) + ":error=EPERM:when=" + when, true};
        auto& child = manager->run(spec);
        CHECK(injection.end());
        CHECK(child.state.phase == Phase::failed);
        CHECK(child.state.stage == stage);
        CHECK(child.state.stage_errno == EPERM);
        CHECK((child.state.flags & protocol::flag_stuck) == 0);
        manager->ack(child);
    }
    {
        INFO("a write to oom_score_adj that was asked for");
        Injection injection{keeper, "write:error=EACCES:when=1", true};
        auto& child = manager->run(spec);
        CHECK(injection.end());
        CHECK((child.state.phase == Phase::failed || child.state.phase == Phase::exited));
        if (child.state.phase == Phase::failed) CHECK(child.state.stage == Stage::limits);
    }
    CHECK(manager->run(spec).state.wait_status == 0);
}

TEST_CASE("the spawn path does without what default container profiles and older kernels lack", "[keeper][faults]")
{
    if (!can_trace()) {
        WARN("no strace, or not root: not tested");
        return;
    }
    // From the very start, so that the probes see it too; -f for the children.
    const std::string missing = GENERATE("clone3:error=ENOSYS", "clone3:error=EPERM", "close_range:error=ENOSYS",
                                         "pidfd_send_signal:error=EPERM", "pidfd_open:error=ENOSYS,clone3:error=ENOSYS",
                                         "pidfd_open:error=EPERM");
    INFO(missing);
    Start start;
    start.without_cgroups = GENERATE(false, true);
    start.wrapper = {"strace", "-f", "-qq", "-o", "/dev/null"};
    start.environment["ASAN_OPTIONS"] = "detect_leaks=0"; // which does not work below a tracer
    for (std::size_t at = 0; at < missing.size();) {
        const auto end = std::min(missing.find(',', at), missing.size());
        start.wrapper.insert(start.wrapper.end(), {"-e", "inject=" + missing.substr(at, end - at)});
        at = end + 1;
    }
    start.wrapper.insert(start.wrapper.end(), {"-e", "trace=clone3,close_range,pidfd_open,pidfd_send_signal"});
    KeeperUnderTest keeper{start};
    const auto manager = keeper.manager();
    if (missing.find("clone3") != std::string::npos)
        CHECK((manager->hello()->abilities & protocol::ability_clone3) == 0);
    auto& child = manager->run(everything(), "input");
    CHECK(child.state.phase == Phase::exited);
    check_tracked_or_failed(*manager, child);
    CHECK(manager->run(command({"/bin/ls", "/proc/self/fd"})).ring->text(Stream::out) == "0\n1\n2\n3\n");
    CHECK(manager->run(shell("exit 4")).state.wait_status == 4 << 8);
    auto& sleeper = manager->wait_phase(manager->spawn(shell("setsid sleep 1000 & exec sleep 1000")), Phase::running);
    manager->signal(sleeper, SIGTERM, protocol::Scope::leader);
    CHECK(manager->wait_ended(sleeper).state.wait_status == SIGTERM);
    manager->empty(sleeper);
    manager->wait_emptied(sleeper);
    ::kill(manager->hello()->keeper_pid, SIGTERM);
    manager->wait_for([&] { return manager->stop().has_value(); }, "stop");
    manager->stopped();
    CHECK(keeper.wait_exit() == 0);
}

TEST_CASE("a child stuck before exec is failed with its step, killed, and holds nobody up", "[keeper][faults]")
{
    if (::geteuid() != 0) return;
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    // The kernel asks this process whether the program may be executed, and gets no answer.
    const auto program = keeper.directory() + "/program";
    write_file(program, "#!/bin/sh\n", 0755);
    const base::UniqueFd watch{::fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY | O_CLOEXEC)};
    if (!watch || ::fanotify_mark(watch.get(), FAN_MARK_ADD, FAN_OPEN_EXEC_PERM, AT_FDCWD, program.c_str()) < 0) {
        WARN("no fanotify permission events: not tested");
        return;
    }
    auto spec = command({program});
    spec.spawn_timeout_ms = 300;
    const auto before = base::now();
    const auto request = manager->send_spawn(spec);
    auto& stuck = manager->children()[manager->child_of(request)];
    CHECK(stuck.state.phase == Phase::starting);                        // told though exec has not come
    CHECK(manager->run(command({"/bin/true"})).state.wait_status == 0); // nobody else waits
    manager->wait_phase(stuck, Phase::failed);
    CHECK(base::now() - before >= 300ms);
    CHECK((stuck.state.flags & protocol::flag_stuck) != 0);
    CHECK(stuck.state.stage == Stage::exec);
    CHECK(stuck.state.stage_errno == 0);
    manager->wait_emptied(stuck);
    CHECK(stuck.state.wait_status == SIGKILL);
    CHECK(!is_alive(stuck.state.pid));
    manager->ack(stuck);

    // One that is told to stop before exec ends without being stuck.
    spec.spawn_timeout_ms = 60'000;
    auto& child = manager->children()[manager->child_of(manager->send_spawn(spec))];
    manager->signal(child, SIGKILL, protocol::Scope::tree);
    manager->wait_ended(child);
    CHECK((child.state.flags & protocol::flag_stuck) == 0);
    // Killed in an earlier step it has failed; nobody can tell a death inside exec from one right after it.
    CHECK((child.state.phase == Phase::exited || child.state.phase == Phase::failed));
    CHECK(child.state.wait_status == SIGKILL);
    CHECK(manager->run(command({"/bin/true"})).state.wait_status == 0);
}

TEST_CASE("a child stuck in chdir that SIGKILL does not end is a survivor, and may be acknowledged", "[keeper][faults]")
{
    if (!can_trace()) {
        WARN("no strace, or not root: not tested");
        return;
    }
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    // strace holds it at the entry of the call; a killed process stays until its tracer lets go.
    Injection injection{keeper, "chdir:delay_enter=60000000", true};
    auto spec = command({"/bin/true"});
    spec.spawn_timeout_ms = 300;
    auto& child = manager->spawn(spec);
    manager->wait_phase(child, Phase::failed);
    CHECK((child.state.flags & protocol::flag_stuck) != 0);
    CHECK(child.state.stage == Stage::chdir);
    manager->wait_for([&] { return child.state.emptying > Emptying::running; }, "an answer");
    if (child.state.emptying == Emptying::survivors) CHECK(child.state.survivors[0] == child.state.pid);
    manager->ack(child);
    injection.end();
    CHECK(eventually([&] { return ::access(("/proc/" + std::to_string(child.state.pid)).c_str(), F_OK) < 0; }));
    CHECK(manager->run(command({"/bin/true"})).state.wait_status == 0);
}

TEST_CASE("a mount that hangs holds up its child alone, and is told", "[keeper][faults]")
{
    if (!can_trace()) {
        WARN("no strace, or not root: not tested");
        return;
    }
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    Injection injection{keeper, "mount:delay_enter=60000000", true};
    auto spec = command({"/bin/true"});
    spec.binds = {{"/bin/true", "/bin/false", false}};
    spec.spawn_timeout_ms = 300;
    auto& child = manager->children()[manager->child_of(manager->send_spawn(spec))];
    CHECK(manager->run(command({"/bin/true"})).state.wait_status == 0);
    manager->wait_phase(child, Phase::failed);
    CHECK((child.state.flags & protocol::flag_stuck) != 0);
    CHECK(child.state.stage == Stage::mounts);
    manager->wait_for([&] { return child.state.emptying > Emptying::running; }, "an answer");
    manager->ack(child);
    injection.end();
    CHECK(eventually([&] { return ::access(("/proc/" + std::to_string(child.state.pid)).c_str(), F_OK) < 0; }));
}

TEST_CASE("a process whose environment cannot be read holds up no sweep, and is named", "[keeper][faults]")
{
    if (!can_trace()) {
        WARN("no strace, or not root: not tested");
        return;
    }
    Start start;
    start.without_cgroups = true;
    KeeperUnderTest keeper{start};
    const auto manager = keeper.manager();
    // It has left session and parents, so its environment is all that tells whose it is.
    auto& child = manager->run(shell("setsid sh -c 'echo $$; exec sleep 1000' &"));
    REQUIRE(eventually([&] { return child.ring->text(Stream::out).find('\n') != std::string::npos; }));
    const pid_t pid = std::atoi(child.ring->text(Stream::out).c_str());
    Injection injection{keeper, "openat:delay_enter=60000000", true, "/proc/" + std::to_string(pid) + "/environ"};
    manager->empty(child);
    CHECK(manager->run(shell("echo meanwhile")).ring->text(Stream::out) == "meanwhile\n");
    manager->wait_emptied(child, Emptying::survivors);
    CHECK(child.state.survivor_count == 1);
    CHECK(child.state.survivors[0] == pid);
    CHECK(is_alive(pid)); // it might have been another's
    injection.end();
    ::kill(pid, SIGKILL);
    manager->wait_emptied(child);
}
