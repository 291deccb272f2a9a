// SPDX-License-Identifier: GPL-3.0-or-later
// bench-run: takes one measurement; ./bench calls it many times and writes the report.
#include "tests/bench/figures.h"
#include "tests/bench/measurements.h"

#include <csignal>

int main(int argc, char** argv)
{
    std::signal(SIGPIPE, SIG_IGN);
    const bench::Arguments arguments(argc, argv);
    if (arguments.measurement == "bare") {
        bench::measure_bare(arguments);
    } else if (arguments.measurement == "rest") {
        bench::measure_rest(arguments);
    } else if (arguments.measurement == "latency") {
        bench::measure_latency(arguments);
    } else if (arguments.measurement == "supervisor") {
        bench::measure_supervisor(arguments);
    } else if (arguments.measurement == "lock-helper") {
        bench::measure_lock_helper(arguments);
    } else if (arguments.measurement == "mutex") {
        bench::measure_mutex(arguments);
    } else {
        bench::die("no such measurement: " + arguments.measurement +
                   " (there are bare, rest, latency, supervisor, lock-helper and mutex)");
    }
    return 0;
}
