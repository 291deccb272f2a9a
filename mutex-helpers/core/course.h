// SPDX-License-Identifier: GPL-3.0-or-later
// mutex-helpers/core/course.h: the course of one mutex helper, as decisions without effects.
// A helper asks for the mutex, answers with at most one byte, and holds until something ends that. Time is
// CLOCK_MONOTONIC and passed in. step() never fails: an input a state has no use for leaves it unchanged.
//
//     Asking ──took──▶ Holding ──lost, parent gone, asked to end, lease at its end──▶ LettingGo ──▶ Ended
//        ├──contended, failed, too late──▶ Ended
//        └──parent gone, asked to end, took what has ended already──▶ LettingGo
#pragma once

#include "helpers/base/time.h"

#include <optional>
#include <string>
#include <variant>

namespace mutex {

// The one byte on standard output, as ctdbd reads it.
enum class Byte : char { taken = '0', contended = '1', too_late = '2', failed = '3' };

struct Rules {
    base::Duration letting_go = std::chrono::seconds(1); // what letting go may take before we leave without it
    int exit_when_lost = 0;
    std::string too_late;   // said when the answer takes too long
    std::string cannot_let; // said when letting go takes too long
};

struct Asking {
    base::Time answer_by;
};
struct Holding {
    std::optional<base::Time> valid_until;
}; // a lease's end; none: it is held as long as we live
struct LettingGo {
    base::Time leave_by;
    int exit_code;
}; // standard output is closed: nobody may believe in us now
struct Ended {
    int exit_code;
};
using State = std::variant<Asking, Holding, LettingGo, Ended>;

struct Took {
    std::optional<base::Time> valid_until;
};
struct Contended {};
struct Failed {
    std::string why;
};
struct Renewed {
    base::Time valid_until;
};
struct Lost {
    std::string why;
};               // empty: somebody else has said why
struct LetGo {}; // the backend has nothing any more
struct ParentGone {
    std::string why;
};
struct AskedToEnd {};
struct Tick {};
using Input = std::variant<Took, Contended, Failed, Renewed, Lost, LetGo, ParentGone, AskedToEnd, Tick>;

struct Step {
    State next;
    std::optional<Byte> byte; // written before anything is said
    std::string say;          // a line for standard error; empty: none
};

Step step(const Rules& rules, const State& state, const Input& input, base::Time now);
std::optional<base::Time> deadline(const State& state); // when this state wants its next Tick

} // namespace mutex
