// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/arguments.h"

#include "processd/ctl/command_words.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/option_values.h"
#include "processd/ctl/service_arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace processd::ctl {
namespace {

template <class T>
CLI::Option* maybe(CLI::App* app, const std::string& name, std::optional<T>& value, const std::string& help)
{
    return app->add_option_function<T>(
        name, [&value](const T& given) { value = given; }, help);
}

void add_run(CLI::App& app, Options& options)
{
    auto& run = options.run;
    auto* cmd = app.add_subcommand("run", "Run a command once, its output and exit code here; Ctrl-C cancels it");
    // Shown in the help only: split_command() has taken the words away.
    cmd->add_option("COMMAND", run.command, "The program, a path or a name to look up in PATH, and its arguments");
    cmd->footer("The command follows the options; -- before it is needed only when its name begins with a dash.");
    cmd->add_option("--id", run.id, "Id of the run; the same id and command is the same run")->type_name("ID");
    cmd->add_flag("--detach,-d", run.detach, "Print the id and do not wait");
    cmd->add_option_function<std::string>(
           "--stdin", [&run](const std::string& f) { run.stdin_file = f; },
           "Give it this file's contents (- for standard input), at most 1 MiB")
        ->type_name("FILE");
    duration_option(cmd, "--timeout", run.timeout, "End it when it runs longer than this");
    duration_option(cmd, "--stop-timeout", run.stop_timeout, "From SIGTERM to SIGKILL when it is ended; 5s");
    maybe(cmd, "--user,-u", run.user, "Name or number; root")->type_name("USER");
    maybe(cmd, "--group,-g", run.group, "Name or number; the user's")->type_name("GROUP");
    cmd->add_option_function<std::string>(
           "--groups", [&run](const std::string& list) { run.groups = CLI::detail::split(list, ','); },
           "Supplementary groups, comma separated")
        ->type_name("GROUP,...");
    maybe(cmd, "--cwd", run.cwd, "Working directory; /")->type_name("DIR");
    cmd->add_option_function<std::vector<std::string>>(
           "--env,-e",
           [&run](const std::vector<std::string>& all) {
               for (const auto& text : all)
                   run.environment[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
           },
           "Environment variable; may be repeated")
        ->check(is_assignment)
        ->expected(1)
        ->take_all()
        ->type_name("NAME=VALUE");
    maybe(cmd, "--env-file", run.environment_file, "File of NAME=VALUE lines on the daemon's side")->type_name("FILE");
    cmd->add_option_function<std::string>(
           "--umask", [&run](const std::string& text) { run.umask = std::stoi(text, nullptr, 8); }, "Octal; 022")
        ->check(is_octal)
        ->type_name("OCTAL");
    maybe(cmd, "--nice", run.nice, "-20 to 19; 0")->type_name("N");
    maybe(cmd, "--io-class", run.io_class, "none, realtime, best-effort or idle")->type_name("CLASS");
    maybe(cmd, "--io-level", run.io_level, "0 to 7; 4")->type_name("N");
    maybe(cmd, "--scheduler", run.scheduler, "other, batch, idle, fifo or rr")->type_name("NAME");
    maybe(cmd, "--priority", run.priority, "1 to 99, with fifo and rr")->type_name("N");
    cmd->add_option_function<std::string>(
           "--cpus",
           [&run](const std::string& text) { run.cpus = parse_cpus(text).value_or(std::vector<std::uint32_t>{}); },
           "CPUs it may use, like 0,2,4-7")
        ->check(is_cpus)
        ->type_name("LIST");
    maybe(cmd, "--oom-score-adj", run.oom_score_adj, "-1000 to 1000")->type_name("N");
    cmd->add_option_function<std::vector<std::string>>(
           "--limit",
           [&run](const std::vector<std::string>& all) {
               for (const auto& text : all)
                   run.limits[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
           },
           "Resource limit, like nofile=1024 or core=0:unlimited; may be repeated")
        ->check(is_limit)
        ->expected(1)
        ->take_all()
        ->type_name("NAME=SOFT[:HARD]");
    cmd->add_option_function<std::string>(
           "--capabilities", [&run](const std::string& list) { run.capabilities = parse_list(list); },
           "What it has of root's power, like CAP_NET_RAW,CAP_KILL; an empty list is nothing")
        ->type_name("LIST");
    cmd->add_option_function<std::string>(
           "--capability-bounds", [&run](const std::string& list) { run.capability_bounds = parse_list(list); },
           "What it and its descendants can ever have; the capabilities")
        ->type_name("LIST");
    cmd->add_flag("--no-new-privs", run.no_new_privs, "Nothing that it executes gains privileges");
    cmd->add_option_function<std::vector<std::string>>(
           "--bind",
           [&run](const std::vector<std::string>& all) {
               for (const auto& text : all) run.binds.push_back(parse_bind(text).value_or(BindOption{}));
           },
           "It finds SOURCE at TARGET, in a mount namespace of its own; may be repeated")
        ->check(is_bind)
        ->expected(1)
        ->take_all()
        ->type_name("SOURCE:TARGET[:ro]");
    cmd->add_option_function<std::vector<std::string>>(
           "--cgroup",
           [&run](const std::vector<std::string>& all) {
               for (const auto& text : all)
                   run.cgroup[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
           },
           "Limit of all its processes together, like memory_max=64MiB or pids_max=100; may be repeated")
        ->check(is_cgroup_limit)
        ->expected(1)
        ->take_all()
        ->type_name("NAME=VALUE");
    cmd->add_option(
           "--as-permitted", run.as_permitted,
           "Of these attributes what it may have: capabilities, cgroup, io_class, limits, nice, oom_score_adj, "
           "scheduler")
        ->delimiter(',')
        ->type_name("LIST");
    cmd->add_option("--redact", run.redact, "Arguments that nobody is shown, like secret=*; may be repeated")
        ->expected(1)
        ->take_all()
        ->type_name("PATTERN");
    maybe(cmd, "--ring-bytes", run.ring_bytes, "Output kept in the keeper; 262144")->type_name("N");
    duration_option(cmd, "--spawn-timeout", run.spawn_timeout, "How long its start may take; 10s");
    cmd->callback([&options] { options.command = Command::run; });
}

void add_jobs(CLI::App& app, Options& options)
{
    auto* job = app.add_subcommand("job", "Show and run jobs and hooks");
    job->require_subcommand(1);
    job->add_subcommand("list", "All of them")->callback([&options] { options.command = Command::job_list; });
    auto* show = job->add_subcommand("show", "Some in full, with the last output");
    show->add_option("NAME", options.names, "Names of jobs")->required();
    show->callback([&options] { options.command = Command::job_show; });
    auto* run = job->add_subcommand("run", "Run jobs now and wait until they have ended");
    run->add_option("NAME", options.names, "Names of jobs")->required();
    run->add_flag_callback(
        "--no-wait", [&options] { options.wait = false; }, "Print the operation's id instead");
    duration_option(run, "--timeout", options.timeout, "Wait no longer than this; the job goes on");
    run->callback([&options] { options.command = Command::job_run; });
}

void add_records(CLI::App& app, Options& options)
{
    auto& list = options.list;
    auto* runs = app.add_subcommand("runs", "List runs, newest first");
    runs->add_option("NAME,--name", list.name, "Of this service or command")->type_name("NAME");
    runs->add_option("--kind", list.kind,
                     "adhoc, service, job, hook, pre_start, ready, stop, post_stop, check, script, lookup")
        ->type_name("KIND");
    runs->add_option("--outcome", list.outcome, "exited, signaled, timed_out, cancelled, spawn_failed or lost")
        ->type_name("OUTCOME");
    runs->add_option("--state", list.state, "starting, running, stopping or ended")->type_name("STATE");
    runs->add_option("--since", list.since, "Since this time, like 13:18, or so long ago, like 24h")
        ->transform(CLI::Validator(to_moment, ""))
        ->type_name("WHEN");
    runs->add_option("--min-duration", list.min_duration, "Ran at least this long")
        ->check(is_duration)
        ->type_name("DURATION");
    runs->add_option("--parent", list.parent, "Caused by this operation or run")->type_name("ID");
    runs->add_option("--limit,-n", list.limit, "At most so many; 20")->check(CLI::Range(1, 100'000))->type_name("N");
    runs->add_option("--after", list.after, "Go on behind an earlier list")->type_name("TOKEN");
    runs->callback([&options] { options.command = Command::runs; });

    auto* show = app.add_subcommand("show", "Show everything about runs, with the end of their output");
    show->add_option("ID", options.names, "Ids of runs")->required();
    show->add_option("--lines,-n", options.lines, "Lines of output; 20")->type_name("N");
    show->callback([&options] { options.command = Command::show; });

    auto& logs = options.logs;
    auto* cmd = app.add_subcommand("logs", "Show lines that services and runs wrote");
    cmd->add_flag("--follow,-f", logs.follow, "Go on with new lines as they come");
    cmd->add_option("NAME,--service,-s", logs.service, "Of this service, or @GROUP")->type_name("NAME");
    cmd->add_option("--run", logs.run, "Of this run")->type_name("ID");
    cmd->add_option("--since", logs.since, "Of this time or later, like 13:18, or so long ago, like 24h")
        ->transform(CLI::Validator(to_moment, ""))
        ->type_name("WHEN");
    cmd->add_option("--until", logs.until, "Of this time or earlier")
        ->transform(CLI::Validator(to_moment, ""))
        ->type_name("WHEN");
    cmd->add_option("--grep,-g", logs.grep, "In which this regular expression is found")->type_name("REGEX");
    cmd->add_option("--after", logs.after, "Behind this token, or this time, or so long ago")
        ->transform(CLI::Validator(to_moment_if_one, ""))
        ->type_name("WHEN");
    cmd->add_option_function<std::size_t>(
           "--limit,-n", [&logs](std::size_t n) { logs.limit = n; },
           "At most so many; 100, or all with --since or --until")
        ->check(CLI::Range(0, 1'000'000))
        ->type_name("N");
    cmd->callback([&options, &logs] {
        // Not CLI11's excludes(), which its help would name where an option's value stands.
        if (logs.follow && !logs.until.empty()) throw CLI::ExcludesError("--until", "--follow");
        options.command = Command::logs;
    });
}

void add_daemon(CLI::App& app, Options& options)
{
    auto* status = app.add_subcommand("status", "Show all services, or some in full");
    status->add_option("NAME", options.names, "Names of services, or @GROUP");
    status->callback([&options] { options.command = Command::status; });
    auto* why = app.add_subcommand("why", "Say in sentences why services are as they are, and what comes next");
    why->add_option("NAME", options.names, "Names of services, or @GROUP")->required();
    why->callback([&options] { options.command = Command::why; });
    app.add_subcommand("groups", "Show the groups of services")->callback([&options] {
        options.command = Command::groups;
    });
    app.add_subcommand("watch", "Show changes of services, runs and operations as they happen")->callback([&options] {
        options.command = Command::watch;
    });
    app.add_subcommand("plan", "What a reload would change: the configuration on disk beside the one in force")
        ->callback([&options] { options.command = Command::plan; });
    app.add_subcommand("reload", "Read the configuration directory again")->callback([&options] {
        options.command = Command::reload;
    });
    auto* probe = app.add_subcommand("probe", "Whether all is well, in the exit code: 0 yes, 1 no, 2 no answer");
    probe
        ->add_option("--level", options.level,
                     "alive: no check of that level fails; ready: all that is wanted does its work; ready")
        ->check(CLI::IsMember({"alive", "ready"}))
        ->type_name("LEVEL");
    duration_option(probe, "--timeout", options.timeout, "Wait no longer for an answer; 2s");
    probe->callback([&options] { options.command = Command::probe; });
    auto* wait = app.add_subcommand("wait", "Wait until services are ready, or stopped");
    wait->add_option("NAME", options.names, "Names of services, or @GROUP")->required();
    wait->add_option("--for", options.state, "ready or stopped; ready")
        ->check(CLI::IsMember({"ready", "stopped"}))
        ->type_name("STATE");
    duration_option(wait, "--timeout", options.timeout, "Wait no longer than this");
    wait->callback([&options] { options.command = Command::wait; });
    auto* metrics = app.add_subcommand("metrics", "Show counters and measurements, as Prometheus reads them");
    metrics->add_option("--format", options.format, "openmetrics, or prometheus for its older text format; openmetrics")
        ->check(CLI::IsMember({"openmetrics", "prometheus"}))
        ->type_name("openmetrics|prometheus");
    metrics->callback([&options] { options.command = Command::metrics; });
    app.add_subcommand("whoami", "Show how the daemon sees you, and what you may do")->callback([&options] {
        options.command = Command::whoami;
    });
    auto* config = app.add_subcommand("config", "Show the configuration in force, each key with where it was written");
    config->add_option("NAME", options.names, "Names of services, jobs and hooks, or processd");
    config->callback([&options] { options.command = Command::config; });
    auto& wanted = options.report;
    auto* report =
        app.add_subcommand("report", "Write all that is known into one archive, for whoever helps from afar");
    report->add_option("--output,-o", wanted.output, "The archive, a directory for it, or - for standard output")
        ->type_name("FILE");
    report->add_option("--since", wanted.since, "Runs since this time, like 13:18, or so long ago; 24h")
        ->transform(CLI::Validator(to_moment, ""))
        ->type_name("WHEN");
    report->add_option("--config-dir", wanted.config_dir, "Where it is configured, if the daemon is not there to tell")
        ->type_name("DIR");
    report->callback([&options] { options.command = Command::report; });
    auto* shutdown = app.add_subcommand("shutdown", "Stop all services, then the daemon, and wait for its end");
    shutdown->add_flag_callback(
        "--no-wait", [&options] { options.wait = false; }, "Only ask for it");
    duration_option(shutdown, "--timeout", options.timeout, "Wait no longer than this; the stop goes on");
    shutdown->callback([&options] { options.command = Command::shutdown; });
    auto* upgrade = app.add_subcommand("upgrade", "Have the installed version go on with all processes as they are");
    duration_option(upgrade, "--timeout", options.timeout, "Wait no longer than this; the upgrade goes on");
    upgrade->callback([&options] { options.command = Command::upgrade; });
    auto* doctor = app.add_subcommand("doctor", "Show what this host lets the daemon do, and what it does without");
    doctor->add_flag("--here", options.here, "Of processctl itself, as it is started, rather than of the daemon");
    doctor->callback([&options] { options.command = Command::doctor; });
    app.add_subcommand("version", "Show the versions of processctl and of the daemon")->callback([&options] {
        options.command = Command::version;
    });
}

} // namespace

std::variant<Options, int> parse_arguments(int argc, const char* const* argv, std::string_view version)
{
    Options options;
    if (const char* socket = std::getenv("CTDB_PROCESSD_SOCKET"); socket != nullptr && *socket != '\0')
        options.socket = socket;
    CLI::App app("Look at and steer ctdb-processd, which runs the processes of a clustered NAS node", "processctl");
    app.require_subcommand(1);
    app.fallthrough();
    app.add_option("--socket", options.socket, "The daemon's socket; also CTDB_PROCESSD_SOCKET")
        ->take_last()
        ->type_name("PATH");
    app.add_flag("--json", options.json, "Print the bytes of the daemon's reply");
    app.set_version_flag("--version", "processctl " + std::string(version));
    app.footer("processctl(1) has examples and the exit codes.");
    add_daemon(app, options);
    add_changes(app, options);
    add_transient(app, options);
    add_jobs(app, options);
    add_run(app, options);
    add_records(app, options);

    std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    const bool is_run = split_command(app, words, options);
    const auto usage = [&](const std::string& problem) {
        std::cerr << "processctl: " << problem << "\nTry processctl --help.\n";
        return is_run ? exit_ours : exit_usage;
    };
    try {
        app.parse(std::vector<std::string>(words.rbegin(), words.rend())); // the order that CLI11 wants
    } catch (const CLI::RequiredError& e) {
        return usage(no_command(app, words).value_or(e.what()));
    } catch (const CLI::Success& e) {
        return app.exit(e);
    } catch (const CLI::ParseError& e) {
        return usage(e.what());
    }
    if (options.command == Command::run && options.run.command.empty())
        return usage("run needs a command, as in: processctl run -- /bin/ls /");
    if (options.command == Command::add && options.declared.empty() == options.file.empty())
        return usage("add needs a command or a file, as in: processctl add NAME -- /bin/program, or --file NAME.toml");
    if (options.command == Command::add && options.start && !options.file.empty())
        return usage("--start goes with a command; a file says it itself");
    return options;
}

} // namespace processd::ctl
