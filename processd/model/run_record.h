// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/run_record.h: one execution of anything and what became of it. The same value is kept in tdb, shown by
// GET /v1/runs/{id} and read by processctl.
#pragma once

#include "processd/model/outcome.h"
#include "processd/model/process_spec.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace processd::model {

// lookup: processd-prepare, before a run whose user, environment file or directory needs it.
enum class RunKind { adhoc, service, pre_start, ready, stop, post_stop, job, script, lookup, check, hook };

enum class RunState { starting, running, stopping, ended };

struct Identity { // who asked, from SO_PEERCRED; the command is read once when asked
    std::uint32_t uid = 0;
    std::int32_t pid = 0;
    std::string command;
    friend bool operator==(const Identity&, const Identity&) = default;
};

// "uid 0 (processctl, pid 77)". A pid of 0 is a process that this pid namespace does not show, and so has no command.
std::string sentence(const Identity& who);

struct Usage { // rusage of the leader and the children it waited for
    base::Duration user{}, system{};
    std::int64_t max_rss_kb = 0, minor_faults = 0, major_faults = 0, blocks_in = 0, blocks_out = 0;
    friend bool operator==(const Usage&, const Usage&) = default;
};

struct OutputPiece {
    std::string stream; // "stdout" | "stderr"
    base::WallTime time;
    std::string data;
    bool late = false; // came after the leader was reaped
    friend bool operator==(const OutputPiece&, const OutputPiece&) = default;
};

struct StreamCount {
    std::uint64_t bytes = 0;   // all that the run wrote, dropped ones included
    std::uint64_t dropped = 0; // lost to a ring that was overwritten before it was read
    friend bool operator==(const StreamCount&, const StreamCount&) = default;
};

struct RunRecord {
    std::string id;           // ULID of ours or the client's id
    std::uint64_t number = 0; // grows by one; order of records
    RunKind kind = RunKind::adhoc;
    std::string name;                  // service or job name; of an ad-hoc run the command's last path component
    std::optional<std::string> parent; // id of the run or operation that it belongs to
    std::optional<Identity> asked_by;  // none: the daemon itself
    ProcessSpec process;               // environment values are shown to level operate only
    std::uint64_t fingerprint = 0;     // of an idempotent request's body; 0 for a server-made id
    std::optional<base::Duration> timeout;
    base::Duration stop_timeout = std::chrono::seconds{5};

    RunState state = RunState::starting;
    std::optional<Outcome> outcome; // exactly when state is ended
    std::int32_t pid = 0;
    base::WallTime created, started, ended; // the epoch: not yet
    std::optional<base::Duration> duration; // started to ended on the monotonic clock
    std::vector<std::string> reduced;       // keys of process that were not had in full
    std::string reason;                     // why it was stopped, as a sentence; empty if it was not
    Usage usage;
    StreamCount out, err;
    bool late = false;                   // output came after the end
    std::vector<std::int32_t> leftovers; // pids that outlived it; with a proof they were killed
    std::vector<std::int32_t> strangers; // pids that may be of its tree: with proof "sweep" nobody can tell
    std::optional<std::string> proof;    // "cgroup" | "sweep" once its tree was emptied
    std::vector<OutputPiece> tail;       // newest output, at most the configured tail size

    friend bool operator==(const RunRecord&, const RunRecord&) = default;
};

std::string_view name_of(RunKind kind);
std::string_view name_of(RunState state);
std::optional<RunKind> run_kind(std::string_view name);

// What was asked for, without what became of it. request_from throws nlohmann's exceptions.
void write_request(JsonText& to, const RunRecord& record);
RunRecord request_from(const nlohmann::json& j);
// Everything, as stored: an object without its tail, which most readers do without, and the tail, an array.
struct StoredText {
    std::string body, tail;
};
StoredText stored_text(const RunRecord& record);
void from_json(const nlohmann::json& j, RunRecord& record);
// Unknown keys are allowed (a newer version's); Errc::corrupt otherwise.
base::Result<RunRecord> parse_run_record(std::string_view text);

// As shown: without the tail in lists, without environment values unless `with_environment`, and without what is to be
// redacted in any case.
std::string shown_text(const RunRecord& record, bool with_tail, bool with_environment);
nlohmann::json shown(const RunRecord& record, bool with_tail, bool with_environment);

} // namespace processd::model
