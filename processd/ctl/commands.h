// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/commands.h: one function per command; each returns the exit code.
#pragma once

#include "processd/ctl/session.h"

namespace processd::ctl {

int status_command(Session& session);
int groups_command(Session& session);
int add_command(Session& session);
int remove_command(Session& session);
int change_command(Session& session); // start, stop, restart
int signal_command(Session& session);
int steady_command(Session& session); // hold, release, reset-failed
int why_command(Session& session);
int run_command(Session& session);
int runs_command(Session& session);
int show_command(Session& session);
int logs_command(Session& session);
int watch_command(Session& session);
int plan_command(Session& session);
int reload_command(Session& session);
int shutdown_command(Session& session);
int probe_command(Session& session);
int wait_command(Session& session);
int job_list_command(Session& session);
int job_show_command(Session& session);
int job_run_command(Session& session);
int doctor_command(Session& session);
int metrics_command(Session& session);
int upgrade_command(Session& session);
int whoami_command(Session& session);
int config_command(Session& session);
int report_command(Session& session, std::string_view version);
int version_command(Session& session, std::string_view version);

} // namespace processd::ctl
