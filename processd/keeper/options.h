// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/options.h: the command line of ctdb-processd and the paths that follow from it.
#pragma once

#include "helpers/base/result.h"

#include <string>
#include <vector>

namespace processd::keeper {

struct Options {
    std::string config_dir = "/etc/ctdb-processd";
    std::string state_dir = "/var/lib/ctdb-processd";
    std::string runtime_dir = "/run/ctdb-processd";
    std::string manager; // path of the manager's program
    bool foreground = false;
    bool init = false; // the keeper below a stub, see init.h; without asking where this is process 1
    bool check = false;
    bool show_config = false;
    bool kill_leftovers = false;
    bool back_off = true; // false with CTDB_PROCESSD_NO_BACK_OFF in the environment, for tests
    bool help = false;
    bool version = false;
    // Said by one keeper's program to the next, see upgrade.h: descriptors, and why it has come back.
    int can_take_up = -1;
    int take_up = -1;
    int program_before = -1;
    std::string came_back;

    [[nodiscard]] std::string api_socket() const { return runtime_dir + "/api.socket"; }
    [[nodiscard]] std::string notify_dir() const { return runtime_dir + "/notify"; }
    [[nodiscard]] std::string lock_file() const { return runtime_dir + "/lock"; }
    [[nodiscard]] std::string instance_file() const { return runtime_dir + "/instance"; }
    // As options, for another program.
    [[nodiscard]] std::vector<std::string> directories() const;
};

// Directories become absolute. Errc::bad_input for a command line that means nothing.
base::Result<Options> parse_options(int argc, char** argv);
std::string usage();

// CTDB_PROCESSD_MANAGER if set, else ctdb-processd-manager beside this program, else where it is installed: seen from
// this program in PROCESSD_PRIVATE_DIR, ../libexec/ctdb-processd (cmake/install.cmake).
base::Result<std::string> find_manager();

} // namespace processd::keeper
