// SPDX-License-Identifier: GPL-3.0-or-later
// tests/bench/measurements.h: what bench-run can measure. Each takes its arguments (the comment names them), prints one
// line of JSON and returns; a failure ends the program with a sentence.
#pragma once

#include "tests/bench/arguments.h"

namespace bench {

// --how fork|spawn --count N --in-flight K -- COMMAND: start and wait, nothing else. spawn is posix_spawn, which is
// vfork inside. {"per_run_us": wall time divided by count, "each": distribution from start to reaped}
void measure_bare(const Arguments& arguments);

// --socket S --count N --in-flight K -- COMMAND: POST /v1/runs?wait= on K kept connections. The same figures.
void measure_rest(const Arguments& arguments);

// --socket S --seconds T --in-flight K --target PATH -- COMMAND: K connections run the command all the time, one more
// asks for PATH every 5 ms. {"answers": distribution, "runs": how many}
void measure_latency(const Arguments& arguments);

// --socket P --services N --kills M --idle T --log FILE -- SUPERVISOR…: starts a supervisor that is configured to keep
// N times "bench-work leaf P" alive, and watches it from outside, the same for every supervisor.
// {"start_us": until the last is up, "respawn": distribution from SIGKILL to main() of the next, "pss_kb": of all its
// processes but the leaves, "ring_pss_kb": what of it is memfd, "processes", "idle_wakeups", "idle_s"}
void measure_supervisor(const Arguments& arguments);

// --helper PATH --kind record|database --locks fcntl|mutex --count N: a ctdb_lock_helper from its start to its byte.
// {"each": distribution}
void measure_lock_helper(const Arguments& arguments);
// --how take|contend|orphan --count N -- MUTEX-HELPER…: from fork to the byte, with the mutex free or held; or from
// SIGKILL of the holder's parent to its end of file, which is when the mutex is free. {"each": distribution}
void measure_mutex(const Arguments& arguments);

} // namespace bench
