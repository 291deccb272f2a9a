// SPDX-License-Identifier: GPL-3.0-or-later
// mutex-helpers/check/verdict.h: the check itself: asks two sides for one thing after the other and says in words what
// is as it must be and what is not.
#pragma once

#include "helpers/base/time.h"
#include "mutex-helpers/check/side.h"

#include <functional>

namespace mutex {

enum class Verdict { coherent = 0, wrong = 1, not_checked = 2 };

struct Question {
    std::string lock; // empty: what ctdb.conf says, which must be the same on both sides
    std::chrono::seconds patience{60};
};

// Each line that is said starts with "ok: ", "note: ", "wrong: " or "not checked: ".
Verdict check(Side& here, Side& there, const Question& question, const std::function<void(const std::string&)>& say);

} // namespace mutex
