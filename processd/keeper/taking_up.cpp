// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/taking_up.h"

#include "helpers/base/log.h"
#include "processd/keeper/keeper.h"
#include "processd/keeper/keeper_state.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace processd::keeper {
namespace {

constexpr int failed = 1;

// Returns if there is no way back either: then nobody is left to go on.
int go_back(const Options& options, const std::string& why)
{
    base::log::error("what another program has left cannot be taken up; that one is to come back", {{"reason", why}});
    if (options.came_back.empty()) {
        auto words = options.directories();
        words.insert(words.begin(), "ctdb-processd");
        words.insert(words.end(), {"--foreground", "--take-up", std::to_string(options.take_up), "--program-before",
                                   std::to_string(options.program_before), "--came-back", why});
        std::vector<char*> arguments;
        for (auto& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        execute_open_file(options.program_before, arguments.data());
        base::log::error("it cannot be executed", {{"reason", std::strerror(errno)}});
    }
    base::log::error("the keeper ends, and leaves its processes behind");
    return failed;
}

base::Result<void> check_descriptors(const std::vector<int>& descriptors)
{
    for (const int fd : descriptors)
        if (::fcntl(fd, F_GETFD) < 0)
            return base::fail(errno, "descriptor " + std::to_string(fd) + " was not handed over");
    return {};
}

Setup setup_from(const Options& options, const KeeperState& state, const std::string& version)
{
    const bool came_back = !options.came_back.empty();
    Setup setup;
    setup.options = options;
    setup.baseline = prepare_process(&setup.abilities, true);
    protect_process(&setup.baseline, &setup.abilities); // locked memory ends with a program, the rest is there already
    if (state.open_files.size() == 2) setup.baseline.open_files = rlimit{state.open_files[0], state.open_files[1]};
    if (!state.oom_score_adj_before.empty()) setup.baseline.oom_score_adj_before = state.oom_score_adj_before[0];
    const int without = state.cgroup_error != 0 ? state.cgroup_error : ENOENT;
    setup.abilities.found(protocol::ability_cgroup_v2, state.cgroups.path.empty() ? without : 0);
    setup.abilities.found(protocol::ability_cgroup_kill,
                          ::access((state.cgroups.path + "/cgroup.kill").c_str(), F_OK) == 0 ? 0 : ENOENT);
    setup.epoch = state.epoch;
    setup.parent_notify = state.parent_notify;
    setup.version = version;
    setup.program = state.program;
    setup.own_file = Program::open("/proc/self/exe").fd;
    // Who comes back has the manager of its package as a descriptor; what is installed may be another's.
    setup.manager = Program::open(options.manager);
    if (came_back && state.manager_program.number >= 0)
        setup.manager.fd.reset(::fcntl(state.manager_program.number, F_DUPFD_CLOEXEC, 4));
    setup.upgrades = state.upgrades + (came_back ? 0 : 1);
    setup.came_back = options.came_back;
    return setup;
}

} // namespace

int take_up_and_run(Options options, const base::Result<std::string>& manager, const std::string& version)
{
    ::prctl(PR_SET_NAME, "ctdb-processd"); // who is executed by a descriptor is called by its number
    const auto state = read_state(options.take_up);
    if (!state) return go_back(options, state.error().message());
    if (state->pid != ::getpid()) return go_back(options, "it is the state of another process");
    if (!manager) return go_back(options, manager.error().message());
    options.manager = *manager;
    const auto descriptors = descriptors_of(*state);
    if (const auto there = check_descriptors(descriptors); !there) return go_back(options, there.error().message());
    auto keeper = Keeper::make(setup_from(options, *state, version));
    if (!keeper) return go_back(options, keeper.error().message());
    if (const auto taken = (*keeper)->take_up(*state); !taken) return go_back(options, taken.error().message());

    // No way back from here.
    for (const int fd : descriptors) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    for (const int fd : {options.take_up, state->own_program.number, state->manager_program.number})
        if (fd >= 0) ::close(fd);
    base::log::info("this program goes on in the place of another",
                    {{"version", version}, {"version_before", state->version}, {"children", state->children.size()}});
    return (*keeper)->run();
}

} // namespace processd::keeper
