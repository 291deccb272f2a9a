// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/processd/keeper/keeper_under_test.h"

#include "processd/keeper/instance.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <poll.h>
#include <sched.h>
#include <sstream>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace keeper_test {
namespace {

constexpr int poll_ms = 10;

int left_ms(base::Time deadline)
{
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - base::now()).count();
    return static_cast<int>(std::max<std::int64_t>(0, left));
}

// Everything mounted as cgroup2 becomes read-only in a mount namespace of the keeper's own.
bool forbid_cgroups()
{
    if (::unshare(CLONE_NEWNS) < 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return false;
    std::istringstream mounts{read_file("/proc/self/mountinfo")};
    for (std::string line; std::getline(mounts, line);) {
        if (line.find(" - cgroup2 ") == std::string::npos) continue;
        std::istringstream fields{line};
        std::string id, parent, device, root, point;
        fields >> id >> parent >> device >> root >> point;
        if (::mount(nullptr, point.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) < 0) return false;
    }
    return true;
}

} // namespace

bool eventually(const std::function<bool()>& condition, base::Duration limit)
{
    const auto deadline = base::now() + limit;
    while (!condition()) {
        if (base::now() > deadline) return false;
        ::poll(nullptr, 0, poll_ms);
    }
    return true;
}

std::string read_file(const std::string& path)
{
    std::ifstream in{path, std::ios::binary};
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

void write_file(const std::string& path, const std::string& text, mode_t mode)
{
    std::ofstream{path, std::ios::binary} << text;
    ::chmod(path.c_str(), mode);
}

bool is_alive(pid_t pid)
{
    const auto text = read_file("/proc/" + std::to_string(pid) + "/stat");
    const auto at = text.rfind(") ");
    return at != std::string::npos && text[at + 2] != 'Z' && text[at + 2] != 'X';
}

base::UniqueFd sealed_memfd(const std::string& content)
{
    base::UniqueFd fd{::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    REQUIRE(::write(fd.get(), content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    REQUIRE(::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0);
    return fd;
}

Ring::Ring(base::UniqueFd fd, std::uint64_t size) : fd_(std::move(fd)), mapped_(size + protocol::ring_header_size)
{
    memory_ = ::mmap(nullptr, mapped_, PROT_READ, MAP_SHARED, fd_.get(), 0);
    REQUIRE(memory_ != MAP_FAILED);
}
Ring::~Ring() { ::munmap(memory_, mapped_); }

protocol::RingReader Ring::reader() const
{
    auto reader = protocol::RingReader::open(memory_, mapped_);
    REQUIRE(reader);
    return *reader;
}

std::vector<protocol::Chunk> Ring::chunks(bool* skipped)
{
    const auto reads = reader();
    std::vector<protocol::Chunk> found;
    std::uint64_t offset = 0;
    protocol::Chunk chunk;
    bool gap = false;
    while (reads.next(&offset, &chunk, &gap)) {
        if (gap && skipped != nullptr) *skipped = true;
        found.push_back(chunk);
    }
    return found;
}

std::string Ring::text(protocol::Stream stream)
{
    std::string all;
    for (const auto& chunk : chunks())
        if (chunk.stream == stream) all += chunk.data;
    return all;
}

bool ManagerSide::pump()
{
    while (channel_) {
        auto received = protocol::receive_message(channel_.get());
        if (!received) {
            CHECK(received.error().code == base::Errc::unavailable);
            return false;
        }
        if (!*received) return true;
        auto& message = **received;
        CHECK(message.header.seq == handled_ + 1);
        handled_ = message.header.seq;
        switch (static_cast<protocol::Type>(message.header.type)) {
        case protocol::Type::hello:
            hello_ = protocol::read_struct<protocol::Hello>(message.body);
            REQUIRE(message.fds.size() == 1);
            api_ = std::move(message.fds[0]);
            break;
        case protocol::Type::hello_end: hello_end_ = true; break;
        case protocol::Type::stop: stop_ = protocol::read_struct<protocol::Stop>(message.body); break;
        case protocol::Type::reload: reload_ = true; break;
        case protocol::Type::figures: figures_ = protocol::read_struct<protocol::Figures>(message.body); break;
        case protocol::Type::child: {
            const auto state = protocol::read_struct<protocol::ChildState>(message.body);
            REQUIRE(state);
            auto& child = children_[state->id];
            child.state = *state;
            ++child.states;
            if ((state->flags & protocol::flag_has_cookie) != 0) child.cookie = message.body.substr(sizeof *state);
            if ((state->flags & protocol::flag_has_fds) != 0) {
                REQUIRE(message.fds.size() == (state->ring_size > 0 ? 2 : 1));
                if (state->ring_size > 0)
                    child.ring = std::make_unique<Ring>(std::move(message.fds[0]), state->ring_size);
                child.spec = std::move(message.fds.back());
            }
            break;
        }
        default: FAIL("a message of type " << message.header.type << " from the keeper");
        }
    }
    return false;
}

void ManagerSide::wait_for(const std::function<bool()>& condition, const std::string& what)
{
    const auto deadline = base::now() + patience;
    while (true) {
        const auto before = handled_;
        const bool open = pump();
        if (handled_ != before) tell_read();
        if (condition()) return;
        INFO("waiting for " << what);
        REQUIRE(open);
        REQUIRE(base::now() < deadline);
        pollfd wait{channel_.get(), POLLIN, 0};
        ::poll(&wait, 1, std::min(left_ms(deadline), 100));
    }
}

void ManagerSide::wait_hello()
{
    wait_for([&] { return hello_end_; }, "the end of hello");
    REQUIRE(hello_);
}

void ManagerSide::send(protocol::Type type, std::initializer_list<std::string_view> parts, std::span<const int> fds)
{
    const auto deadline = base::now() + patience;
    while (true) {
        const auto result = protocol::send_message(channel_.get(), type, sent_ + 1, handled_, parts, fds);
        if (result == protocol::SendResult::sent) break;
        REQUIRE(result == protocol::SendResult::again);
        REQUIRE(base::now() < deadline);
        pollfd wait{channel_.get(), POLLOUT, 0};
        ::poll(&wait, 1, 100);
    }
    ++sent_;
}

void ManagerSide::tell_read()
{
    // The keeper may be leaving; then nobody reads it, which is fine.
    if (protocol::send_message(channel_.get(), protocol::Type::read, sent_ + 1, handled_, {}) ==
        protocol::SendResult::sent)
        ++sent_;
}

std::uint64_t ManagerSide::send_spawn(const protocol::SpawnSpec& spec, const std::string& cookie,
                                      std::optional<std::string> input, std::uint64_t request)
{
    if (request == 0) request = ++requests_;
    const auto encoded = sealed_memfd(protocol::encode(spec));
    std::vector<int> fds{encoded.get()};
    base::UniqueFd data;
    if (input) {
        data = sealed_memfd(*input);
        fds.push_back(data.get());
    }
    const protocol::Spawn message{request, static_cast<std::uint32_t>(cookie.size()), 0};
    send(protocol::Type::spawn, {protocol::bytes_of(message), cookie}, fds);
    return request;
}

protocol::ChildId ManagerSide::child_of(std::uint64_t request)
{
    protocol::ChildId id = 0;
    wait_for(
        [&] {
            for (const auto& [known, child] : children_)
                if (child.state.request_id == request) id = known;
            return id != 0;
        },
        "the first state of a child");
    return id;
}

KnownChild& ManagerSide::spawn(const protocol::SpawnSpec& spec, std::optional<std::string> input)
{
    return children_[child_of(send_spawn(spec, "", std::move(input)))];
}

KnownChild& ManagerSide::wait_phase(KnownChild& child, protocol::Phase phase)
{
    wait_for([&] { return child.state.phase == phase; }, "phase " + std::to_string(static_cast<int>(phase)));
    return child;
}

KnownChild& ManagerSide::wait_ended(KnownChild& child)
{
    wait_for(
        [&] {
            return child.state.phase >= protocol::Phase::exited && (child.state.flags & protocol::flag_drained) != 0;
        },
        "the end of child " + std::to_string(child.state.id));
    return child;
}

KnownChild& ManagerSide::wait_emptied(KnownChild& child, protocol::Emptying end)
{
    wait_for([&] { return child.state.emptying == end; }, "an emptied tree");
    return child;
}

KnownChild& ManagerSide::run(const protocol::SpawnSpec& spec, std::optional<std::string> input)
{
    return wait_ended(spawn(spec, std::move(input)));
}

void ManagerSide::stopped(bool in_order)
{
    send(protocol::Type::stopped, {protocol::bytes_of(protocol::Stopped{in_order ? 1U : 0U, 0})});
}

void ManagerSide::signal(const KnownChild& child, int number, protocol::Scope scope)
{
    const protocol::Signal message{child.state.id, number, scope};
    send(protocol::Type::signal, {protocol::bytes_of(message)});
}
void ManagerSide::empty(const KnownChild& child)
{
    const protocol::Child message{child.state.id, 0, 0};
    send(protocol::Type::empty, {protocol::bytes_of(message)});
}
void ManagerSide::ack(const KnownChild& child)
{
    const protocol::Child message{child.state.id, 0, 0};
    send(protocol::Type::ack, {protocol::bytes_of(message)});
}
void ManagerSide::watch(const KnownChild& child, std::uint64_t consumed)
{
    const protocol::Watch message{child.state.id, consumed, consumed, {}, 0};
    send(protocol::Type::watch, {protocol::bytes_of(message)});
}

KeeperUnderTest::KeeperUnderTest(const Start& first)
{
    std::string name = "/tmp/keeper-test-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    directory_ = name;
    ::chmod(directory_.c_str(), 0755); // children of other users work below it
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(&address.sun_path[0], (directory_ + "/stand-in").c_str());
    REQUIRE(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ::chmod(&address.sun_path[0], 0777); // for keepers of other users
    REQUIRE(::listen(listener_.get(), 16) == 0);
    start(first);
}

void KeeperUnderTest::start(const Start& how)
{
    std::vector<std::string> argv = how.wrapper;
    argv.push_back(KEEPER_PROGRAM);
    argv.insert(argv.end(), {"--runtime-dir", runtime(), "--config-dir", directory_, "--state-dir", directory_});
    argv.insert(argv.end(), how.options.begin(), how.options.end());
    std::vector<char*> pointers;
    for (auto& word : argv) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    const pid_t tests = ::getpid();
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ > 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that crashes takes it along
    if (::getppid() != tests) ::_exit(1);
    const int log = ::open((directory_ + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::setenv("CTDB_PROCESSD_MANAGER", STAND_IN_PROGRAM, 1);
    ::setenv("STAND_IN_SOCKET", (directory_ + "/stand-in").c_str(), 1);
    for (const auto& [key, value] : how.environment) ::setenv(key.c_str(), value.c_str(), 1);
    if (how.without_cgroups && !forbid_cgroups()) ::_exit(96);
    ::execvp(pointers[0], pointers.data());
    ::_exit(95);
}

std::unique_ptr<ManagerSide> KeeperUnderTest::accept_manager()
{
    pollfd wait{listener_.get(), POLLIN, 0};
    INFO("the keeper's log: " << log());
    REQUIRE(::poll(&wait, 1, static_cast<int>(std::chrono::milliseconds{patience}.count())) == 1);
    const base::UniqueFd fd{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    pid_t pid = 0;
    iovec part{&pid, sizeof pid};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    REQUIRE(::recvmsg(fd.get(), &message, MSG_CMSG_CLOEXEC) == sizeof pid);
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    REQUIRE(rights != nullptr);
    int channel = -1;
    std::memcpy(&channel, CMSG_DATA(rights), sizeof channel);
    return std::make_unique<ManagerSide>(base::UniqueFd{channel}, pid);
}

std::unique_ptr<ManagerSide> KeeperUnderTest::manager()
{
    auto side = accept_manager();
    side->wait_hello();
    return side;
}

int KeeperUnderTest::wait_exit()
{
    int status = 0;
    INFO("the keeper's log: " << log());
    REQUIRE(eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; }));
    pid_ = 0;
    return status;
}

void KeeperUnderTest::kill_keeper()
{
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
}

KeeperUnderTest::~KeeperUnderTest()
{
    kill_keeper();
    // A daemon, or the keeper below a wrapper: the lock names it, its command line shows that the pid is still its own.
    if (const pid_t left = std::atoi(read_file(runtime() + "/lock").c_str()); left > 0)
        if (read_file("/proc/" + std::to_string(left) + "/cmdline").find(directory_) != std::string::npos)
            ::kill(left, SIGKILL);
    processd::keeper::kill_leftovers(runtime() + "/instance");
    processd::keeper::forget_instance(runtime() + "/instance");
    if (std::uncaught_exceptions() > 0) std::cerr << "the keeper's log:\n" << log();
    const auto remove = "rm -rf '" + directory_ + "'";
    if (std::system(remove.c_str()) != 0) std::cerr << "cannot remove " << directory_ << '\n';
}

protocol::SpawnSpec command(std::vector<std::string> argv)
{
    protocol::SpawnSpec spec;
    spec.label = argv.front();
    spec.argv = std::move(argv);
    spec.env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
    spec.uid = ::geteuid();
    spec.gid = ::getegid();
    if (spec.uid != 0) { // an unprivileged keeper cannot give up its groups
        std::array<gid_t, 256> groups{};
        const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
        spec.groups.assign(groups.begin(), groups.begin() + std::max(0, count));
    }
    return spec;
}

protocol::SpawnSpec shell(const std::string& script) { return command({"/bin/sh", "-c", script}); }

} // namespace keeper_test
