// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/options.h: what the user asked for, after the command line was read. Values are checked as far as they
// can be here; the daemon has the last word.
#pragma once

#include "helpers/base/time.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace processd::ctl {

enum class Command {
    none,
    status,
    groups,
    start,
    stop,
    restart,
    signal,
    run,
    runs,
    show,
    logs,
    watch,
    plan,
    reload,
    shutdown,
    version,
    probe,
    wait,
    why,
    hold,
    release,
    reset_failed,
    job_list,
    job_show,
    job_run,
    doctor,
    metrics,
    whoami,
    upgrade,
    config,
    report,
    add,
    remove
};

struct BindOption {
    std::string source, target;
    bool read_only = false;
};

struct RunOptions {
    std::vector<std::string> command;
    std::string id; // empty: made here
    std::optional<std::string> user, group, cwd, environment_file, io_class, scheduler;
    std::optional<std::vector<std::string>> groups;
    std::map<std::string, std::string> environment;
    std::vector<std::string> redact, as_permitted;
    std::optional<std::vector<std::string>> capabilities, capability_bounds;
    std::vector<BindOption> binds;
    std::map<std::string, std::string> cgroup; // name → value, as in [service.cgroup]
    std::map<std::string, std::string> limits; // name → N | unlimited | SOFT:HARD
    std::optional<int> nice, io_level, priority, oom_score_adj, umask;
    std::vector<std::uint32_t> cpus;
    std::optional<std::uint32_t> ring_bytes;
    std::optional<std::chrono::milliseconds> timeout, stop_timeout, spawn_timeout;
    std::optional<std::string> stdin_file; // "-": standard input
    bool no_new_privs = false;
    bool detach = false;
};

struct ListOptions { // of runs, as query parameters; empty: not asked for
    std::string name, kind, outcome, state, since, min_duration, parent, after;
    std::size_t limit = 20;
};

struct LogOptions {
    std::string service, run, after, since, until, grep;
    std::optional<std::size_t> limit;
    bool follow = false;
};

struct ReportOptions {
    std::string output; // a file, a directory for it, or - for standard output; empty: the directory that we are in
    std::string since = "24h";
    std::string config_dir; // empty: the daemon's
};

struct Options {
    Command command = Command::none;
    std::string socket = "/run/ctdb-processd/api.socket";
    bool json = false;
    bool here = false;                                // of doctor: this process, not the daemon
    std::vector<std::string> names;                   // services, @groups or jobs; of show: ids of runs
    std::string signal, scope = "leader";             // of signal
    std::string level = "ready";                      // of probe
    std::string state = "ready";                      // of wait
    bool wait = true;                                 // of start, stop, restart, shutdown, job run
    std::string format = "openmetrics";               // of metrics
    std::optional<std::chrono::milliseconds> timeout; // of that wait
    std::size_t lines = 20;                           // of show
    std::vector<std::string> declared;                // of add: the command behind --
    std::string file;                                 // of add: the declaration, "-" for standard input
    std::optional<std::string> start;                 // of add: auto or manual
    RunOptions run;
    ListOptions list;
    LogOptions logs;
    ReportOptions report;
};

} // namespace processd::ctl
