// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/runs.h: all runs that exist. Starts them through the keeper, carries out what model::run decides,
// keeps their records, and takes them up again after a manager's end. A run is live from start() until its final record
// is committed and the keeper was told to forget the child; look-ups see live and stored runs alike.
//
// Events come from the loop, never from inside a call here that could not finish first; `ended` comes once per run of
// this keeper life per manager that saw it end or took it up ended.
#pragma once

#include "helpers/base/unique_fd.h"
#include "processd/model/run.h"
#include "processd/model/run_record.h"
#include "processd/output/ring_source.h"
#include "processd/protocol/message.h"
#include "processd/protocol/spawn_spec.h"
#include "processd/store/records.h"
#include "processd/supervisor/event.h"

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace processd::loop {
class KeeperClient;
class Loop;
} // namespace processd::loop

namespace processd::supervisor {

class Journal;
struct LiveRun;

struct RunRequest {
    std::string id;                // empty: a ULID is made. A client's id makes the request idempotent
    std::uint64_t fingerprint = 0; // of the client's body
    model::RunKind kind = model::RunKind::adhoc;
    std::string name; // empty: the command's last path component
    std::optional<std::string> parent;
    std::optional<model::Identity> asked_by;
    model::ProcessSpec process;
    std::optional<base::Duration> timeout;
    base::Duration stop_timeout = std::chrono::seconds{5};
    std::optional<std::string> stdin_data;        // none: /dev/null
    std::optional<std::string> runtime_directory; // made before the start, owned by the user
    protocol::ReadyBy ready_by = protocol::ReadyBy::none;
    std::uint32_t ready_fd = 0;
    std::string ready_pattern; // a line of output that contains it makes the run ready; empty: none does
};

struct StartedRun {
    std::string id;
    bool existed = false; // the same request had been made before
};

enum class Moment {
    created,
    started,
    stopping,
    ended,
    closed
}; // ended: outcome known; closed: tree empty, record final

// By the notify socket, see sd_notify(3). Times are 0 where it has not.
struct Notified {
    base::Time watchdog, extend_until;
    bool trouble = false, reloading = false, stopping = false;
    friend bool operator==(const Notified&, const Notified&) = default;
};

class Runs {
public:
    struct Limits {
        int max_adhoc = 256;
        std::size_t tail_bytes = 64 * 1024;
    };

    Runs(loop::Loop& loop, loop::KeeperClient& keeper, store::Records& records, Journal& journal,
         std::string prepare_program);
    ~Runs();
    Runs(const Runs&) = delete;
    Runs& operator=(const Runs&) = delete;
    void set_limits(const Limits& limits);

    // Errc::conflict: the id exists with another body; Errc::limit: too many ad-hoc runs; Errc::bad_input: the id's
    // form; the store's error for an ad-hoc run when too many already wait for their record to be written.
    base::Result<StartedRun> start(RunRequest request);
    // When the keeper has all that was asked of it until now, and so what is answered then outlives this manager.
    void when_asked(std::function<void()> then);
    // SIGTERM (or the signal) to the run, SIGKILL to its tree after the timeout. Fine if it is ending or has ended.
    base::Result<void> stop(std::string_view id, const model::run::StopWanted& how, std::string reason);
    base::Result<void> signal(std::string_view id, int signal, protocol::Scope scope); // Errc::conflict: nothing runs

    [[nodiscard]] base::Result<model::RunRecord> get(std::string_view id) const; // with the newest output
    [[nodiscard]] base::Result<store::Page> query(const store::Filter& filter, std::string_view after,
                                                  std::size_t limit) const;
    [[nodiscard]] std::vector<model::RunRecord> live() const; // not ended, oldest first, without output
    [[nodiscard]] std::size_t active() const;                 // not ended
    [[nodiscard]] std::map<model::RunKind, std::size_t> active_by_kind() const;
    [[nodiscard]] std::int32_t living_pid(std::string_view id) const; // of its leader; 0 when it has none
    // What runs have written that Records::tally() does not have yet: stdout and stderr by model::counted_name().
    using OutputCounts = std::map<std::string, std::array<model::StreamCount, 2>>;
    [[nodiscard]] OutputCounts output_not_on_record() const;
    [[nodiscard]] std::string status_text(std::string_view id) const; // the last STATUS= of a live run
    [[nodiscard]] Notified notified(std::string_view id) const;       // what else a live run has said by its socket

    // A reader of its own over a live run's output, from a ring offset on. Errc::not_found when the run is not live any
    // more: its record's tail is what is left.
    [[nodiscard]] base::Result<output::RingSource> open_output(std::string_view id, std::uint64_t offset) const;

    Event<const model::RunRecord&, Moment> on_change;
    Event<const std::string&> on_ready;    // id: READY=1 or the readiness newline
    Event<const std::string&> on_notified; // id: notified() is another, but for WATCHDOG=1, which comes all the time
    Event<const std::string&> on_output;   // id: there is more to read, or the end of output has come

    // What the keeper says of a child. Until resume() it is only taken down, as a run may need others to be known.
    void told(const protocol::ChildState& state, std::string_view cookie, std::vector<base::UniqueFd> fds);
    // The end of the hand-over: runs that only the store knows are lost, and the others go on, telling what happened to
    // them. newest_line: as the keeper's hello has it.
    void resume(std::uint64_t newest_line);

    // Commits what is queued now, for the orderly stop. True if nothing is left.
    bool flush();
    // To the keeper, how far output is in the sinks: before this manager ends in order.
    void tell_consumed();
    [[nodiscard]] std::size_t waiting() const; // runs that have ended and are not on record yet

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace processd::supervisor
