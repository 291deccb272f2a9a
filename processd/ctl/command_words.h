// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/command_words.h: which of the words on the command line are a command's.
#pragma once

#include "processd/ctl/options.h"

#include <CLI/App.hpp>
#include <optional>
#include <string>
#include <vector>

namespace processd::ctl {

// The words of run's command, and of add's behind --, are nobody's options. CLI11 would look for subcommands and
// options among them, so they are moved from words to options before it sees them. True if this is a run.
bool split_command(const CLI::App& app, std::vector<std::string>& words, Options& options);
// A sentence for who named no command, or one that there is not; nothing for who did neither.
std::optional<std::string> no_command(const CLI::App& app, const std::vector<std::string>& words);

} // namespace processd::ctl
