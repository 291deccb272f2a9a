// SPDX-License-Identifier: GPL-3.0-or-later
// ctdb-processd-manager: policy, records and the REST API of ctdb-processd, started and restarted by the keeper. It
// composes the rooms and has no state of its own: it may crash, hang or be replaced at any moment
// (docs/architecture.md).
#include "helpers/base/log.h"
#include "processd/api/api.h"
#include "processd/config/load.h"
#include "processd/loop/loop.h"
#include "processd/supervisor/shown_config.h"
#include "processd/supervisor/supervisor.h"

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <optional>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace {

using namespace processd;

constexpr int exit_wrong = 1;
constexpr int exit_usage = 2;

void usage(FILE* to)
{
    std::fputs("Usage: ctdb-processd-manager [OPTION…]\n"
               "The manager of ctdb-processd. Only the keeper starts it; by hand it checks a configuration.\n\n"
               "  --check              check the configuration directory, say all that is wrong, and exit\n"
               "  --show-config        print the configuration directory as JSON, without secrets, and exit\n"
               "  --for-keeper VERSION with --check: only if this is the manager of that version\n"
               "  --config-dir DIR     configuration (default /etc/ctdb-processd)\n"
               "  --state-dir DIR      records and state (default /var/lib/ctdb-processd)\n"
               "  --runtime-dir DIR    sockets (default /run/ctdb-processd)\n"
               "  --help               show this help and exit\n"
               "  --version            show the version and exit\n",
               to);
}

std::string program_directory()
{
    std::array<char, 4096> path{};
    const auto n = ::readlink("/proc/self/exe", path.data(), path.size());
    const std::string_view program{path.data(), n > 0 ? static_cast<std::size_t>(n) : 0U};
    return std::string(program.substr(0, program.rfind('/')));
}

int check(const std::string& directory)
{
    const auto loaded = config::load(directory);
    std::fputs(config::check_report(directory, loaded).c_str(), loaded ? stdout : stderr);
    return loaded ? 0 : exit_wrong;
}

int show_configuration(const std::string& directory)
{
    std::puts(supervisor::shown_on_disk(directory).c_str());
    return 0;
}

constexpr base::Duration settles_in = std::chrono::seconds{3}; // what a new configuration starts and stops, mostly

// For benchmarks: a manager that is as big as its name says, to show that spawning does not depend on it.
void carry_ballast()
{
    const char* megabytes = std::getenv("CTDB_PROCESSD_BALLAST_MB");
    if (megabytes == nullptr) return;
    const auto bytes = std::strtoul(megabytes, nullptr, 10) << 20U;
    void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) std::memset(memory, 1, bytes);
}

// Where the linker has put our code.
extern "C" const char __executable_start, etext;

// Gives back what reading the configuration and starting all services has brought in: unused heap, and pages of code.
// Those are the file's, so what is needed again comes from the page cache.
void give_memory_back()
{
    ::malloc_trim(0);
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = (reinterpret_cast<std::uintptr_t>(&__executable_start) + page - 1) & ~(page - 1);
    const auto end = reinterpret_cast<std::uintptr_t>(&etext) & ~(page - 1);
    if (end > begin) (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED); // NOLINT
}

int serve(supervisor::Directories directories)
{
    base::UniqueFd channel{protocol::manager_channel_fd};
    if (::fcntl(channel.get(), F_SETFD, FD_CLOEXEC) < 0) {
        std::fputs("ctdb-processd-manager is started by ctdb-processd: there is no channel to a keeper\n", stderr);
        (void)channel.release();
        return exit_usage;
    }
    loop::Loop loop;
    int exit_code = 0;
    std::optional<supervisor::Supervisor> supervisor;
    std::optional<api::Api> api;
    supervisor::Supervisor::Events events;
    events.on_serve = [&](base::UniqueFd listening) { api.emplace(loop, *supervisor, std::move(listening)); };
    loop::Timer settled(loop, give_memory_back);
    events.on_configuration = [&](const model::Configuration& configuration) {
        settled.at(base::now() + settles_in);
        if (api) api->configure(configuration);
    };
    events.on_leave = [&] {
        if (api) api->leave();
    };
    events.on_exit = [&](int code) {
        exit_code = code;
        loop.stop();
    };
    supervisor.emplace(loop, std::move(channel), std::move(directories), program_directory(), std::move(events));
    loop.run();
    // Crash-only: whatever is in flight is on record with the keeper, and sinks get their moment; nothing else to tidy.
    api.reset();
    supervisor.reset();
    return exit_code;
}

} // namespace

int main(int argc, char** argv)
{
    supervisor::Directories directories{"/etc/ctdb-processd", "/var/lib/ctdb-processd", "/run/ctdb-processd"};
    bool only_check = false;
    bool only_show = false;
    std::string_view keeper;
    const std::array<option, 9> options{{{"check", no_argument, nullptr, 'k'},
                                         {"for-keeper", required_argument, nullptr, 'f'},
                                         {"show-config", no_argument, nullptr, 'w'},
                                         {"config-dir", required_argument, nullptr, 'c'},
                                         {"state-dir", required_argument, nullptr, 's'},
                                         {"runtime-dir", required_argument, nullptr, 'r'},
                                         {"help", no_argument, nullptr, 'h'},
                                         {"version", no_argument, nullptr, 'v'},
                                         {nullptr, 0, nullptr, 0}}};
    for (int c = 0; (c = ::getopt_long(argc, argv, "", options.data(), nullptr)) != -1;) switch (c) {
        case 'k': only_check = true; break;
        case 'f': keeper = optarg; break;
        case 'w': only_show = true; break;
        case 'c': directories.config = optarg; break;
        case 's': directories.state = optarg; break;
        case 'r': directories.runtime = optarg; break;
        case 'h': usage(stdout); return 0;
        case 'v': std::puts("ctdb-processd " PROCESSD_VERSION); return 0;
        default: usage(stderr); return exit_usage;
        }
    if (!keeper.empty() && keeper != PROCESSD_VERSION) {
        std::fputs("the keeper and its manager, which has version " PROCESSD_VERSION ", are not of one package\n",
                   stderr);
        return exit_usage;
    }
    if (only_check) return check(directories.config);
    if (only_show) return show_configuration(directories.config);
    ::prctl(PR_SET_NAME, "ctdb-processd-manager"); // a keeper that executes it by a descriptor gives it no name
    std::signal(SIGPIPE, SIG_IGN);
    base::log::set_prefix("ctdb-processd-manager");
    base::log::set_time();
    carry_ballast();
    return serve(std::move(directories));
}
