// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/arguments.h"
#include "processd/ctl/commands.h"
#include "processd/ctl/exit_code.h"

#include <fcntl.h>

namespace {

using namespace processd::ctl;

// A socket must not become somebody's closed stdout. Reading finds nothing there, writing fails and is told.
void fill_standard_fds()
{
    for (int fd = 0; fd <= 2; ++fd)
        if (::fcntl(fd, F_GETFD) < 0) (void)::open("/dev/null", O_RDONLY);
}

int perform(Session& session)
{
    switch (session.options.command) {
    case Command::status: return status_command(session);
    case Command::groups: return groups_command(session);
    case Command::start:
    case Command::stop:
    case Command::restart: return change_command(session);
    case Command::add: return add_command(session);
    case Command::remove: return remove_command(session);
    case Command::signal: return signal_command(session);
    case Command::run: return run_command(session);
    case Command::runs: return runs_command(session);
    case Command::show: return show_command(session);
    case Command::logs: return logs_command(session);
    case Command::watch: return watch_command(session);
    case Command::plan: return plan_command(session);
    case Command::reload: return reload_command(session);
    case Command::shutdown: return shutdown_command(session);
    case Command::probe: return probe_command(session);
    case Command::wait: return wait_command(session);
    case Command::why: return why_command(session);
    case Command::hold:
    case Command::release:
    case Command::reset_failed: return steady_command(session);
    case Command::job_list: return job_list_command(session);
    case Command::job_show: return job_show_command(session);
    case Command::job_run: return job_run_command(session);
    case Command::doctor: return doctor_command(session);
    case Command::metrics: return metrics_command(session);
    case Command::whoami: return whoami_command(session);
    case Command::config: return config_command(session);
    case Command::report: return report_command(session, PROCESSD_VERSION);
    case Command::upgrade: return upgrade_command(session);
    case Command::version: return version_command(session, PROCESSD_VERSION);
    case Command::none: break;
    }
    return exit_usage;
}

} // namespace

int main(int argc, char** argv)
{
    fill_standard_fds();
    auto asked = parse_arguments(argc, argv, PROCESSD_VERSION);
    if (const int* code = std::get_if<int>(&asked)) return *code;
    Session session(std::get<Options>(std::move(asked)));
    return perform(session);
}
