// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/service_arguments.h: the commands that change services, as CLI11 is told of them. A part of
// arguments.cpp.
#pragma once

#include "processd/ctl/options.h"

#include <CLI/CLI.hpp>

namespace processd::ctl {

CLI::Option* duration_option(CLI::App* app, const std::string& name, std::optional<std::chrono::milliseconds>& value,
                             const std::string& help);
void add_changes(CLI::App& app, Options& options);   // start, stop, restart, hold, release, reset-failed, signal
void add_transient(CLI::App& app, Options& options); // add, remove

} // namespace processd::ctl
