// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/helper/sm_notify.h: notifications by nfs-utils' sm-notify, as CTDB sends them from 4.22 on: a directory
// for each server address in turn, ten seconds for each. Whose file sm-notify has removed was reached. For sites and
// tests that want exactly that.
#pragma once

#include "statd-callout/helper/settings.h"
#include "statd-callout/notify/sender.h"

namespace callout {

void run_sm_notify(const Settings& settings, const std::vector<Target>& targets, const OnOutcome& on_outcome);

// The line of a monitored client in nfs-utils' directories.
std::string monitor_line(const std::string& client, const std::string& server);

} // namespace callout
