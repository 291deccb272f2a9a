// SPDX-License-Identifier: GPL-3.0-or-later
// ctdb-processd: the keeper's program. Options, one instance, becoming a daemon; then Keeper::run(). Its man page is
// docs/man/ctdb-processd.8; exit codes are there and below.
#include "helpers/base/log.h"
#include "processd/keeper/init.h"
#include "processd/keeper/instance.h"
#include "processd/keeper/keeper.h"
#include "processd/keeper/sockets.h"
#include "processd/keeper/taking_up.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace processd::keeper;

enum ExitCode { in_order = 0, failed = 1, bad_usage = 2, not_alone = 3 };

int complain(int code, const std::string& sentence)
{
    const auto line = "ctdb-processd: " + sentence + "\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
    return code;
}

int look_at_configuration(const Options& options)
{
    const char* how = options.check ? "--check" : "--show-config";
    ::execl(options.manager.c_str(), "ctdb-processd-manager", how, "--config-dir", options.config_dir.c_str(), nullptr);
    return complain(failed, "cannot run " + options.manager + ": " + std::strerror(errno));
}

// Returns in the daemon, with the pipe on which it tells its parent how the start went. The parent does not return.
base::Result<base::UniqueFd> become_daemon()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) return base::fail(errno, "make a pipe to become a daemon");
    base::UniqueFd read_end{ends[0]};
    base::UniqueFd write_end{ends[1]};
    const pid_t daemon = ::fork();
    if (daemon < 0) return base::fail(errno, "fork a daemon");
    if (daemon > 0) {
        write_end.reset();
        char code = failed; // if it dies without a word
        while (::read(read_end.get(), &code, 1) < 0 && errno == EINTR) {}
        ::_exit(code);
    }
    ::setsid();
    if (::chdir("/") < 0) return base::fail(errno, "chdir to /");
    const base::UniqueFd null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
    if (null) {
        ::dup2(null.get(), STDIN_FILENO);
        ::dup2(null.get(), STDOUT_FILENO);
    }
    return write_end;
}

int deal_with_leftovers(const Options& options)
{
    auto left = find_leftovers(options.instance_file());
    if (!left.pids.empty() && !options.kill_leftovers)
        return complain(not_alone, "a ctdb-processd that died has left processes running: pids " +
                                       name_pids(left.pids) +
                                       "; end them, or start with --kill-leftovers to have them killed");
    if (!left.pids.empty()) {
        base::log::warning("killing what a ctdb-processd that died has left", {{"pids", name_pids(left.pids)}});
        if (const auto rest = kill_leftovers(options.instance_file()); !rest.empty())
            return complain(not_alone,
                            "processes that a ctdb-processd which died has left do not die of SIGKILL: pids " +
                                name_pids(rest));
    }
    forget_instance(options.instance_file());
    return in_order;
}

// From here to the end of the keeper. Errors are said on stderr; the daemon's parent has the same one.
int run(Setup setup)
{
    const auto& options = setup.options;
    setup.baseline.pid = ::getpid();
    auto lock = take_instance_lock(options.lock_file());
    if (!lock) return complain(not_alone, lock.error().message());
    setup.lock = std::move(*lock);
    if (const int code = deal_with_leftovers(options); code != in_order) return code;
    clear_notify_dir(options.notify_dir());
    protect_process(&setup.baseline, &setup.abilities);
    auto api = listen_at(options.api_socket());
    if (!api) return complain(failed, api.error().message());
    setup.api = std::move(*api);
    setup.epoch = static_cast<std::uint64_t>(base::to_ns(base::wall_now()) / 1000);
    setup.cgroups = Cgroups::open(setup.baseline.pid, &setup.abilities);
    if (auto written = write_instance(options.instance_file(), setup.epoch, setup.cgroups.path()); !written)
        return complain(failed, written.error().message());
    auto keeper = Keeper::make(std::move(setup));
    if (!keeper) return complain(failed, keeper.error().message());
    return (*keeper)->run();
}

int tell(int parent, int code)
{
    const char said = static_cast<char>(code);
    if (parent >= 0) [[maybe_unused]]
        const auto told = ::write(parent, &said, 1);
    return code;
}

} // namespace

int main(int argc, char** argv)
{
    auto options = parse_options(argc, argv);
    if (!options) return complain(bad_usage, options.error().message() + "; --help lists the options");
    if (options->help || options->version) {
        const auto text = options->help ? usage() : std::string("ctdb-processd " PROCESSD_VERSION "\n");
        return ::write(STDOUT_FILENO, text.data(), text.size()) < 0 ? failed : in_order;
    }
    auto manager = find_manager();
    options->back_off = std::getenv("CTDB_PROCESSD_NO_BACK_OFF") == nullptr;
    if (options->take_up >= 0) {
        base::log::set_prefix("keeper");
        base::log::set_time();
        return take_up_and_run(*options, manager, PROCESSD_VERSION);
    }
    if (!manager) return complain(failed, manager.error().message());
    options->manager = std::move(*manager);
    if (options->can_take_up >= 0) return can_take_up(*options, PROCESSD_VERSION);
    if (options->check || options->show_config) return look_at_configuration(*options);
    if (options->init || ::getpid() == 1) {
        if (const auto below = go_on_below_stub(); !below) return complain(failed, below.error().message());
        options->foreground = true;
    }

    base::log::set_prefix("keeper");
    base::log::set_time();
    Setup setup;
    setup.options = *options;
    setup.version = PROCESSD_VERSION;
    setup.program = own_path();
    if (const char* address = std::getenv("NOTIFY_SOCKET"); address != nullptr) setup.parent_notify = address;
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_FDS", "LISTEN_PID"})
        ::unsetenv(name); // said to us, not to our children
    setup.baseline = prepare_process(&setup.abilities);
    setup.own_file = Program::open("/proc/self/exe").fd;
    setup.manager = Program::open(options->manager);
    if (auto prepared = prepare_runtime_dir(*options); !prepared) return complain(failed, prepared.error().message());
    if (options->foreground) return run(std::move(setup));

    auto parent = become_daemon();
    if (!parent) return complain(failed, parent.error().message());
    const base::UniqueFd second{::fcntl(parent->get(), F_DUPFD_CLOEXEC, 3)};
    setup.parent_pipe = std::move(*parent);
    return tell(second.get(), run(std::move(setup)));
}
