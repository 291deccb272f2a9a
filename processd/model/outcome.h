// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/outcome.h: why a run ended. kind says who decided; code, signal and core come from the wait status
// whenever there is one, also when the run was timed out or cancelled. Never 128+N in here.
#pragma once

#include "processd/model/json_text.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace processd::model {

enum class OutcomeKind {
    exited,       // the command ended by itself with a code
    signaled,     // a signal that we did not send ended it
    timed_out,    // it outlived its timeout and we ended it
    cancelled,    // somebody asked us to end it
    spawn_failed, // it never became the command: stage and errno_value say where
    lost,         // the keeper died, nobody saw the end
};

struct Outcome {
    OutcomeKind kind = OutcomeKind::exited;
    std::optional<int> code;
    std::optional<int> signal;
    std::optional<bool> core;
    std::optional<int> errno_value;   // JSON "errno"
    std::optional<std::string> stage; // "exec", "chdir", "stuck:exec" …
    // Whether the kernel killed it, or another process of its cgroup, for lack of memory; none: nobody can tell.
    std::optional<bool> oom;
    std::optional<std::uint64_t> oom_limit; // the limit of its own that it ran into, in bytes; JSON "oom_limit_bytes"

    [[nodiscard]] bool success() const { return kind == OutcomeKind::exited && code == 0; }
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

// kind with code, signal and core taken from a wait(2) status.
Outcome outcome_from_wait(OutcomeKind kind, int wait_status);

std::string_view name_of(OutcomeKind kind);
std::optional<OutcomeKind> outcome_kind(std::string_view name);
// As a person says it: "exited with code 3", "killed by SIGSEGV (core dumped)", "could not start: exec: No such file
// …".
std::string sentence(const Outcome& outcome);
// The same with what is known besides, as a run's reason; that may be empty.
std::string sentence(const Outcome& outcome, const std::string& why);
// With a subject before it: "its process" was killed by SIGKILL.
std::string sentence(std::string_view subject, const Outcome& outcome, const std::string& why = {});
// "SIGTERM" for 15, "SIGRTMIN+3", "signal 99" for what has no name; and back from "TERM", "SIGTERM" or "15".
std::string signal_name(int signal);
std::optional<int> signal_number(std::string_view name);

// Eight keys, always all, into an object; without an outcome all are null.
void write(JsonText& object, const std::optional<Outcome>& outcome);
void to_json(nlohmann::json& j, const Outcome& outcome); // puts them into j
void from_json(const nlohmann::json& j, Outcome& outcome);

} // namespace processd::model
