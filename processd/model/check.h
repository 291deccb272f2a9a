// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/check.h: whether a ready service still does its work, asked again and again, as decisions without
// effects.
//
//   Off ──Begin──▶ Pending ──Tick──▶ Asking ──Answered──▶ Pending …        End, from anywhere: Off
//
// `threshold` failures in a row make it failing, one good answer makes it good again; both edges are told once. A check
// of a service that is not ready is off, and what it found before does not count any more. Time is CLOCK_MONOTONIC and
// passed in; so is the random part of a period.
#pragma once

#include "processd/model/probe_spec.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace processd::model {

enum class Level { alive, ready }; // of health; what is not alive is not ready either
enum class CheckAction { none, restart, stop, signal, job };

struct CheckSpec {
    std::string name;
    ProbeSpec probe;
    base::Duration every = std::chrono::seconds{10};  // from an answer to the next question
    base::Duration timeout = std::chrono::seconds{3}; // of one answer
    int threshold = 3;
    base::Duration start_delay{}; // from readiness to the first question
    int jitter_percent = 10;      // of `every`, added at random
    Level level = Level::ready;
    CheckAction action = CheckAction::none; // when it begins to fail
    std::string signal = "USR1";            // signal: to the main process
    std::string job;                        // job: that is run
    friend bool operator==(const CheckSpec&, const CheckSpec&) = default;
};

namespace check {

struct Off {
    friend bool operator==(const Off&, const Off&) = default;
};
struct Pending {
    base::Time at;
    friend bool operator==(const Pending&, const Pending&) = default;
};
struct Asking {
    friend bool operator==(const Asking&, const Asking&) = default;
};
using State = std::variant<Off, Pending, Asking>;

struct Begin {}; // the service is ready
struct End {};   // it is not any more
struct Answered {
    std::string problem; // empty: all is well
};
struct Tick {};
using Input = std::variant<Begin, End, Answered, Tick>;

enum class Action { ask, cancel, fails, recovers };

} // namespace check

struct Check {
    check::State state = check::Off{};
    int failures = 0; // in a row
    bool failing = false;
    std::string problem;         // the last answer's; empty for a good one, or none yet
    std::uint64_t questions = 0; // since it was on
    friend bool operator==(const Check&, const Check&) = default;
};

namespace check {

struct Step {
    Check next;
    std::vector<Action> actions;
    friend bool operator==(const Step&, const Step&) = default;
};
// random: 0 … 1.
Step step(const CheckSpec& spec, const Check& check, const Input& input, base::Time now, double random);
std::optional<base::Time> deadline(const Check& check);

} // namespace check

std::string_view name_of(Level level);
std::string_view name_of(CheckAction action);
void to_json(nlohmann::json& j, const CheckSpec& spec);
void from_json(const nlohmann::json& j, CheckSpec& spec);

} // namespace processd::model
