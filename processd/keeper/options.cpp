// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/options.h"

#include <array>
#include <climits>
#include <cstdlib>
#include <getopt.h>
#include <unistd.h>
#include <vector>

namespace processd::keeper {
namespace {

enum Option {
    config_dir = 256,
    state_dir,
    runtime_dir,
    foreground,
    init,
    check,
    show_config,
    kill_leftovers,
    help,
    version,
    can_take_up,
    take_up,
    program_before,
    came_back
};

std::string absolute(const std::string& path)
{
    auto result = path;
    if (path.front() != '/') {
        std::array<char, 4096> here{};
        if (::getcwd(here.data(), here.size()) != nullptr) result = std::string(here.data()) + "/" + path;
    }
    while (result.size() > 1 && result.back() == '/') result.pop_back();
    return result;
}

// One that names none is refused as a state.
int descriptor(const char* text)
{
    const auto number = std::strtol(text, nullptr, 10);
    return number > STDERR_FILENO && number < INT_MAX ? static_cast<int>(number) : INT_MAX;
}

} // namespace

std::vector<std::string> Options::directories() const
{
    return {"--config-dir", config_dir, "--state-dir", state_dir, "--runtime-dir", runtime_dir};
}

std::string usage()
{
    return "Usage: ctdb-processd [OPTION]...\n"
           "Starts, watches, logs and stops the processes of a clustered storage node.\n\n"
           "  --config-dir DIR   what to run (default /etc/ctdb-processd)\n"
           "  --state-dir DIR    records and operators' decisions (default /var/lib/ctdb-processd)\n"
           "  --runtime-dir DIR  sockets and the instance lock (default /run/ctdb-processd)\n"
           "  --foreground       do not become a daemon\n"
           "  --init             as --foreground, below a stub that may be process 1 of a container\n"
           "  --check            validate the configuration and exit\n"
           "  --show-config      print the configuration as JSON, without secrets, and exit\n"
           "  --kill-leftovers   at the start, end processes that a keeper which died has left\n"
           "  --help             show this text and exit\n"
           "  --version          show the version and exit\n";
}

base::Result<Options> parse_options(int argc, char** argv)
{
    static constexpr std::array<option, 15> known{{{"config-dir", required_argument, nullptr, config_dir},
                                                   {"state-dir", required_argument, nullptr, state_dir},
                                                   {"runtime-dir", required_argument, nullptr, runtime_dir},
                                                   {"foreground", no_argument, nullptr, foreground},
                                                   {"init", no_argument, nullptr, init},
                                                   {"check", no_argument, nullptr, check},
                                                   {"show-config", no_argument, nullptr, show_config},
                                                   {"kill-leftovers", no_argument, nullptr, kill_leftovers},
                                                   {"help", no_argument, nullptr, help},
                                                   {"version", no_argument, nullptr, version},
                                                   {"can-take-up", required_argument, nullptr, can_take_up},
                                                   {"take-up", required_argument, nullptr, take_up},
                                                   {"program-before", required_argument, nullptr, program_before},
                                                   {"came-back", required_argument, nullptr, came_back},
                                                   {nullptr, 0, nullptr, 0}}};
    Options options;
    std::vector<std::pair<const char*, std::string*>> directories{{"--config-dir", &options.config_dir},
                                                                  {"--state-dir", &options.state_dir},
                                                                  {"--runtime-dir", &options.runtime_dir}};
    ::opterr = 0;
    int found = 0;
    while ((found = ::getopt_long(argc, argv, ":", known.data(), nullptr)) != -1) {
        switch (found) {
        case config_dir: options.config_dir = ::optarg; break;
        case state_dir: options.state_dir = ::optarg; break;
        case runtime_dir: options.runtime_dir = ::optarg; break;
        case foreground: options.foreground = true; break;
        case init: options.init = true; break;
        case check: options.check = true; break;
        case show_config: options.show_config = true; break;
        case kill_leftovers: options.kill_leftovers = true; break;
        case help: options.help = true; break;
        case version: options.version = true; break;
        case can_take_up: options.can_take_up = descriptor(::optarg); break;
        case take_up: options.take_up = descriptor(::optarg); break;
        case program_before: options.program_before = descriptor(::optarg); break;
        case came_back: options.came_back = ::optarg; break;
        case ':': return base::fail(base::Errc::bad_input, std::string(argv[::optind - 1]) + " needs a value");
        default: return base::fail(base::Errc::bad_input, "unknown option " + std::string(argv[::optind - 1]));
        }
    }
    if (::optind < argc)
        return base::fail(base::Errc::bad_input, "unexpected argument \"" + std::string(argv[::optind]) + "\"");
    for (const auto& [name, directory] : directories) {
        if (directory->empty()) return base::fail(base::Errc::bad_input, std::string(name) + " must not be empty");
        *directory = absolute(*directory);
    }
    return options;
}

base::Result<std::string> find_manager()
{
    if (const char* given = std::getenv("CTDB_PROCESSD_MANAGER"); given != nullptr && *given != '\0') {
        if (::access(given, X_OK) == 0) return std::string(given);
        return base::fail(errno, std::string("run ") + given + ", which CTDB_PROCESSD_MANAGER names");
    }
    std::array<char, 4096> self{};
    if (::readlink("/proc/self/exe", self.data(), self.size() - 1) < 0)
        return base::fail(errno, "find this program's directory through /proc/self/exe");
    const std::string path = self.data();
    const auto directory = path.substr(0, path.rfind('/'));
    const auto beside = directory + "/ctdb-processd-manager";
    if (::access(beside.c_str(), X_OK) == 0) return beside;
    const auto installed = directory + "/" PROCESSD_PRIVATE_DIR "/ctdb-processd-manager";
    if (::access(installed.c_str(), X_OK) == 0) return installed;
    return base::fail(base::Errc::not_found,
                      "the program ctdb-processd-manager is missing: looked for " + beside + " and " + installed);
}

} // namespace processd::keeper
