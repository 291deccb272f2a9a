// SPDX-License-Identifier: GPL-3.0-or-later
// mutex-helpers/core/helper.h: what every mutex helper does, around one backend. Protocol: exactly one byte on standard
// output ('0' held, '1' contended, '2' took too long, '3' error), silence on contention, SIGTERM releases, end of file
// on standard output means that the mutex is lost, and a parent that is gone means that nobody wants it any more.
#pragma once

#include "mutex-helpers/core/backend.h"

namespace mutex {

// Runs the backend and ends the process. clean_process() was called first, nothing else was started.
// CTDB_MUTEX_TIMEOUT in the environment (seconds, may have a fraction) replaces traits.answer_within.
[[noreturn]] void run(Backend& backend, Traits traits);

} // namespace mutex
