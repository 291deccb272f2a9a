// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/live_run.h: one run that the keeper has not been told to forget: its record, its machine, the
// launch that made it, and the capture of its output. Internal to runs.cpp and its helpers.
#pragma once

#include "helpers/base/unique_fd.h"
#include "processd/loop/loop.h"
#include "processd/model/run.h"
#include "processd/model/run_record.h"
#include "processd/protocol/message.h"
#include "processd/supervisor/journal.h"
#include "processd/supervisor/runs.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace processd::supervisor {

// What is needed to start a run, or to go on with it in another manager. It travels as the note of the keeper's
// specification memfd, and so is on record from the first instant. A run that has to be prepared first travels in the
// note of its lookup run, as `then`.
struct Launch {
    model::RunRecord record; // as at the beginning: only what was asked for
    std::optional<std::string> stdin_data;
    std::optional<std::string> runtime_directory;
    protocol::ReadyBy ready_by = protocol::ReadyBy::none;
    std::uint32_t ready_fd = 0;
    std::string ready_pattern;
    std::unique_ptr<Launch> then;
};
std::string note_of(const Launch& launch);              // without stdin_data, which the child has got
base::Result<Launch> parse_note(std::string_view note); // Errc::corrupt

// The stop that was begun, as the child's cookie: the next manager goes on with the same deadline.
struct StopMark {
    model::OutcomeKind why = model::OutcomeKind::cancelled;
    base::Time kill_at;
    std::string reason;
    friend bool operator==(const StopMark&, const StopMark&) = default;
};
std::string cookie_of(const StopMark& mark);
std::optional<StopMark> parse_cookie(std::string_view cookie); // nothing for an empty or malformed one

struct LiveRun {
    Launch launch;
    model::RunRecord record;
    model::RunPolicy policy;
    model::run::State state = model::run::Starting{};

    protocol::ChildId child = 0;  // 0: the keeper has not told of it yet
    std::uint64_t request_id = 0; // 0: not asked for, it is being prepared
    std::string lookup;           // id of the lookup run it waits for
    protocol::ChildState told{};  // the last state of the child
    base::UniqueFd ring;          // for further readers of the output
    std::optional<Capture> capture;
    std::unique_ptr<loop::Timer> timer; // the machine's deadline
    bool told_spawned = false, told_exit = false, told_ready = false;
    Notified notified;         // as last told of, without the watchdog
    bool ready_line = false;   // an earlier manager read the line that makes it ready
    bool empty_wanted = false; // SIGKILL was decided before the child had an id
    bool closing = false;      // the machine has closed; waiting for the end of output
    bool closed_told = false;  // whoever listens hears, or has heard, of the end
    bool final = false;        // all have heard: the record does not change any more
    bool committed = false;    // the final record is; only lines are still on their way to sinks
    bool final_queued = false; // and is queued in the store
};

model::RunPolicy policy_of(const model::RunRecord& record);
// Machine state for a run taken up in mid-life, before its child's state is fed in.
model::run::State resumed_state(const model::RunRecord& record, const protocol::ChildState& told,
                                const std::optional<StopMark>& stop);
// What the command has said by its notify socket.
Notified notified_in(const protocol::ChildState& told);
// The machine's state, not ended, as the record shows it.
void show_state(LiveRun& live);
// Copies what a child's state says into the record: pid, times, usage, survivors, proof.
void update_record(model::RunRecord& record, const protocol::ChildState& told);
model::Outcome spawn_failure(const model::ProcessSpec& process, const protocol::ChildState& told);

} // namespace processd::supervisor
