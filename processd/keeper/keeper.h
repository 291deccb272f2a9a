// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/keeper.h: the parent of every process. It starts and reaps children, records their output, signals
// and empties their trees, and tells the manager their states; docs/keeper-protocol.md is what they say to each other.
// One thread, one epoll loop, no call that can block on anything but the kernel itself: what may hang (another
// process's /proc files, a cluster file system) is done by a forked child. Nothing it does depends on a manager being
// there.
//
// The class is one; its parts are in files of their own: keeper.cpp the loop, keeper_spawn.cpp births,
// keeper_starts.cpp the way from clone to exec, keeper_output.cpp what children say, keeper_main.cpp another main
// process, keeper_end.cpp deaths and emptying, keeper_mail.cpp the manager, keeper_settings.cpp what it is told of the
// configuration, keeper_stop.cpp the orderly stop, keeper_upgrade.cpp another program in this one's place,
// keeper_carry.cpp what that one is told.
#pragma once

#include "helpers/base/log.h"
#include "processd/keeper/abilities.h"
#include "processd/keeper/cgroup.h"
#include "processd/keeper/child.h"
#include "processd/keeper/child_parts.h"
#include "processd/keeper/clone.h"
#include "processd/keeper/host.h"
#include "processd/keeper/manager.h"
#include "processd/keeper/options.h"
#include "processd/keeper/poller.h"
#include "processd/keeper/program.h"
#include "processd/keeper/upgrade_check.h"
#include "processd/protocol/channel.h"
#include "processd/protocol/spawn_spec.h"

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace processd::keeper {

// What main() has prepared.
struct Setup {
    Options options;
    Baseline baseline;
    Abilities abilities;
    std::uint64_t epoch = 0; // start of this keeper life, wall clock, in microseconds
    Cgroups cgroups;
    base::UniqueFd api;         // the API's listening socket
    base::UniqueFd parent_pipe; // of the process that became a daemon: one byte, its exit code
    std::string parent_notify;  // the service manager's NOTIFY_SOCKET, or empty
    base::UniqueFd lock;        // of this instance: closing it lets go of it
    std::string version;        // of this program
    std::string program;        // where it was started from: an upgrade executes what is there then
    base::UniqueFd own_file;    // this program, whatever is there then
    Program manager;
    std::uint32_t upgrades = 0; // how often this keeper life has changed its program
    std::string came_back;      // why another program could not go on in this one's place
};

struct KeeperState;
struct Notification; // sockets.h

struct ChildEnds; // of the pipes

class Keeper {
public:
    static base::Result<std::unique_ptr<Keeper>> make(Setup setup);
    // Until the orderly stop is over. 0: everything ended in order; 1: not so, the log says what.
    int run();
    // Goes on with what another program has left in this process. If that fails nothing has been closed, and will not
    // be while this object exists.
    base::Result<void> take_up(const KeeperState& state);

private:
    Keeper(Setup setup, Poller poller, StepSlots steps, base::UniqueFd signals);

    // The loop.
    void handle(const Event& event);
    void handle_timer(Timer timer, std::uint64_t id);
    void handle_signals();
    Child* find(std::uint64_t id);

    // Births.
    void spawn(const protocol::Spawn& request, std::string_view cookie, std::vector<base::UniqueFd>& fds);
    base::Result<void> try_spawn(Child& child, std::vector<base::UniqueFd>& fds);
    void prepare_parts();
    base::Result<ChildParts> take_parts(std::uint64_t ring_bytes);
    base::Result<void> connect_pipes(Child& child, const protocol::SpawnSpec& spec, ChildParts& parts, ChildEnds& ends);
    base::Result<void> take_cgroup(Child& child, const protocol::SpawnSpec& spec);
    void limits_unmet(Child& child, const std::string& what, const std::string& reason);
    base::Result<void> clone_child(Child& child, ChildPlan& plan);
    void look_at_starts();
    void look_soon(const Child& child);
    void look_no_more(const Child& child);
    void read_status(Child& child); // of a child between clone and exec
    void began_running(Child& child);
    void spawn_timed_out(Child& child);
    void fail(Child& child, protocol::Stage stage, int error);
    void release_step(Child& child);

    // What children say.
    void read_output(Child& child, protocol::Stream stream, bool until_drained);
    void close_output(Child& child, protocol::Stream stream);
    void read_readiness(Child& child);
    void read_notifications(Child& child);
    std::optional<bool> is_in_cgroup_of(const Child& child, pid_t pid) const;
    bool may_notify(const Child& child, pid_t pid, uid_t uid) const;
    void main_named(Child& child, const Notification& said);
    void become_main(Child& child, pid_t pid);
    void forget_next_main(Child& child);
    void wait_for_parents(Child& child);
    bool has_successor(Child& child);
    void signal_next_main(const Child& child, int signal);
    void became_ready(Child& child);

    // Deaths.
    void reap();
    void look_again_after_reaping(bool processes);
    void reaped(Child& child, int status, const rusage& usage);
    void reaped_manager(int status);
    void signal(Child& child, int signal, protocol::Scope scope);
    void start_emptying(Child& child);
    void advance_emptying(Child& child);
    void end_emptying(Child& child);
    void report_survivors(Child& child, const std::vector<pid_t>& pids);
    bool start_sweep(Child& child, int signal);
    void end_sweep(Child& child);
    void tree_may_have_changed(Child& child);
    void acknowledge(Child& child);
    static bool is_gone(const Child& child);
    void forget_if_gone(Child& child);
    void bury_the_gone();
    std::vector<pid_t> known_processes(pid_t but) const;
    std::vector<pid_t> strangers(bool* known) const;  // direct children that nobody has asked for: orphans taken over
    bool is_empty_for_sure(const Child& child) const; // without having to sweep

    // The manager.
    void start_next_manager();
    void schedule_manager(base::Duration delay);
    void read_channel(bool all);
    void handle_request(protocol::Received& message);
    void handle_child_request(const protocol::Received& message);
    void manager_is_ready();
    void break_with_manager(std::string_view why);
    void manager_mail_late();
    void watch_mail();
    void mark_dirty(Child& child);
    void flush();
    bool send(protocol::Type type, std::initializer_list<std::string_view> parts, std::span<const int> fds = {});
    bool send_hello();
    bool send_state(Child& child);
    void apply(const protocol::Settings& settings);
    void apply_to_socket(const protocol::Settings& settings);
    void set_log_level(std::uint32_t level);

    // The orderly stop.
    enum class Stopping { no, asked, leaving, terminating, killing };
    void request_stop(bool by_signal);
    void leave();
    void force_stop(std::string_view why);
    void stop_timer();
    void empty_everything();
    void check_everything_gone();
    void sweep_everything(int signal);
    void finish();
    void tell_parent_process(int exit_code);
    std::vector<pid_t> everything_left() const;

    // Another program in this one's place.
    struct Upgrade {
        enum class Stage { none, checking, leaving, due }; // leaving: the manager, then it is due
        Stage stage = Stage::none;
        UpgradeCheck check;
        FileIdentity file; // that was tried
        std::string version;
        std::string failure; // of the last one, for who asks
    };
    void upgrade_asked();
    void refuse_upgrade(const std::string& why);
    void answer_upgrade(protocol::UpgradeAnswer answer, const std::string& reason);
    void upgrade_checked(int status);
    void upgrade_late();
    void abandon_upgrade(const std::string& why);
    bool manager_gave_way();
    void change_program();
    KeeperState carry() const;

    Setup setup_;
    Poller poller_;
    Timers timers_;
    StepSlots steps_;
    Cloner cloner_;
    base::UniqueFd signals_;
    base::Time started_;
    base::WallTime started_wall_;
    std::string boot_id_;
    std::array<char, 64 * 1024> buffer_; // for output on its way from a pipe to a ring

    std::map<protocol::ChildId, Child> children_;
    protocol::ChildId next_id_ = 1;
    std::optional<ChildParts> parts_;                               // of the next child
    bool parts_taken_ = true;                                       // others are to be made
    std::unordered_map<pid_t, protocol::ChildId> leaders_;          // not reaped yet
    std::unordered_map<std::uint64_t, protocol::ChildId> requests_; // of the current manager
    std::unordered_map<pid_t, std::uint64_t> sweepers_;             // not reaped yet
    std::deque<protocol::ChildId> queue_;                           // states to send
    std::vector<protocol::ChildId> starts_; // to be looked at and told of soon, if not of more by then
    std::set<protocol::ChildId> emptying_;
    std::vector<pid_t> told_strangers_;   // in the log
    std::set<std::string> told_missing_;  // settings of cgroups, likewise
    std::vector<protocol::ChildId> gone_; // at the end of this turn
    std::uint64_t orphans_reaped_ = 0;
    std::uint64_t newest_line_ = 0; // of the log, as managers said

    ManagerProcess manager_;
    BackOff back_off_;
    std::uint32_t incarnation_ = 0;
    protocol::ManagerEnd previous_end_ = protocol::ManagerEnd::first_start;
    int previous_status_ = 0;
    bool ever_ready_ = false;
    bool mail_timer_ = false;
    bool reload_unsent_ = false;
    bool figures_unsent_ = false;
    bool tell_ready_ = false; // also another time: the service manager was told that this one reloads
    bool taken_up_ = false;
    std::uint32_t log_level_ = static_cast<std::uint32_t>(base::log::Level::info);
    Upgrade upgrade_;
    std::optional<protocol::Upgrade> upgrade_answer_; // unsent
    base::Duration stop_budget_;

    Stopping stopping_ = Stopping::no;
    bool stop_unsent_ = false;
    base::Time stop_deadline_{};
    Sweep sweep_all_;
    bool sweep_all_clean_ = false;
    int exit_code_ = 0;
    bool finished_ = false;
};

} // namespace processd::keeper
