// SPDX-License-Identifier: GPL-3.0-or-later
// A real keeper process in a directory of its own, and the test in the manager's place: KeeperUnderTest starts the
// built program with stand_in_manager; ManagerSide is the channel of one incarnation. Waiting is for conditions, with a
// deadline that fails the test. The destructor ends the keeper and everything that it started.
#pragma once

#include "helpers/base/time.h"
#include "helpers/base/unique_fd.h"
#include "processd/protocol/channel.h"
#include "processd/protocol/ring.h"
#include "processd/protocol/spawn_spec.h"

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace keeper_test {

namespace protocol = processd::protocol;
using namespace std::chrono_literals;

inline constexpr auto patience = 60s; // long enough for a busy machine; nothing waits so long when all is well

// Polls until the condition holds; false after the patience.
bool eventually(const std::function<bool()>& condition, base::Duration limit = patience);
std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& text, mode_t mode = 0644);
bool is_alive(pid_t pid); // neither gone nor a zombie
base::UniqueFd sealed_memfd(const std::string& content);

// A mapped output ring.
class Ring {
public:
    Ring(base::UniqueFd fd, std::uint64_t size);
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    ~Ring();
    std::string text(protocol::Stream stream); // all that is there now
    std::vector<protocol::Chunk> chunks(bool* skipped = nullptr);
    int fd() const { return fd_.get(); }
    protocol::RingReader reader() const;

private:
    base::UniqueFd fd_;
    std::size_t mapped_;
    void* memory_;
};

struct KnownChild {
    protocol::ChildState state{};
    std::string cookie;
    std::unique_ptr<Ring> ring;
    base::UniqueFd spec;
    int states = 0; // messages about it
};

class ManagerSide {
public:
    ManagerSide(base::UniqueFd channel, pid_t pid) : channel_(std::move(channel)), pid_(pid) {}

    pid_t pid() const { return pid_; }
    const std::optional<protocol::Hello>& hello() const { return hello_; }
    bool has_hello_end() const { return hello_end_; }
    const std::optional<protocol::Stop>& stop() const { return stop_; }
    bool reload() const { return reload_; }
    const std::optional<protocol::Figures>& figures() const { return figures_; }
    int api_fd() const { return api_.get(); }
    std::map<protocol::ChildId, KnownChild>& children() { return children_; }
    int channel_fd() const { return channel_.get(); }
    void close() { channel_.reset(); }

    // Receives until the condition holds; fails the test after the patience. Tells the keeper what was read.
    void wait_for(const std::function<bool()>& condition, const std::string& what);
    bool pump(); // takes what is there; false once the keeper has closed
    void wait_hello();

    std::uint64_t send_spawn(const protocol::SpawnSpec& spec, const std::string& cookie = "",
                             std::optional<std::string> input = std::nullopt, std::uint64_t request = 0);
    void stopped(bool in_order = true);
    void send(protocol::Type type, std::initializer_list<std::string_view> parts = {}, std::span<const int> fds = {});
    protocol::ChildId child_of(std::uint64_t request); // waits for the first state
    KnownChild& spawn(const protocol::SpawnSpec& spec, std::optional<std::string> input = std::nullopt);
    KnownChild& wait_phase(KnownChild& child, protocol::Phase phase);
    KnownChild& wait_ended(KnownChild& child); // failed, or exited and drained
    KnownChild& wait_emptied(KnownChild& child, protocol::Emptying end = protocol::Emptying::done);
    KnownChild& run(const protocol::SpawnSpec& spec, std::optional<std::string> input = std::nullopt);

    void signal(const KnownChild& child, int number, protocol::Scope scope);
    void empty(const KnownChild& child);
    void ack(const KnownChild& child);
    void watch(const KnownChild& child, std::uint64_t consumed);
    void tell_read();

private:
    base::UniqueFd channel_;
    pid_t pid_;
    std::uint64_t sent_ = 0;
    std::uint64_t handled_ = 0;
    std::uint64_t requests_ = 0;
    std::optional<protocol::Hello> hello_;
    bool hello_end_ = false;
    std::optional<protocol::Stop> stop_;
    bool reload_ = false;
    std::optional<protocol::Figures> figures_;
    base::UniqueFd api_;
    std::map<protocol::ChildId, KnownChild> children_;
};

struct Start {
    std::vector<std::string> options{"--foreground"};
    std::map<std::string, std::string> environment;
    std::vector<std::string> wrapper; // a command that runs the keeper: strace …
    bool without_cgroups = false;     // in a mount namespace where cgroups are read-only
};

class KeeperUnderTest {
public:
    explicit KeeperUnderTest(const Start& start = {});
    KeeperUnderTest(const KeeperUnderTest&) = delete;
    KeeperUnderTest& operator=(const KeeperUnderTest&) = delete;
    ~KeeperUnderTest();

    void start(const Start& start); // again, in the same directory
    std::unique_ptr<ManagerSide> accept_manager();
    std::unique_ptr<ManagerSide> manager(); // accepted, with hello and its end read

    pid_t pid() const { return pid_; } // of what was started: the keeper, or its wrapper
    const std::string& directory() const { return directory_; }
    std::string runtime() const { return directory_ + "/run"; }
    std::string log() const { return read_file(directory_ + "/log"); }
    int wait_exit();    // its wait status
    void kill_keeper(); // SIGKILL, and reaped
    bool has_ended() const { return pid_ <= 0; }

private:
    std::string directory_;
    base::UniqueFd listener_;
    pid_t pid_ = 0;
};

protocol::SpawnSpec command(std::vector<std::string> argv);
protocol::SpawnSpec shell(const std::string& script);

} // namespace keeper_test
