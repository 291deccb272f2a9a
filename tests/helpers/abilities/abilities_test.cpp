// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/abilities/ability.h"
#include "helpers/abilities/report.h"

#include <catch2/catch.hpp>
#include <dirent.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <set>
#include <sstream>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

std::string file(const std::string& path)
{
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

// Without how much each module is used, which others change.
std::string modules()
{
    std::istringstream lines(file("/proc/modules"));
    std::string names;
    for (std::string line; std::getline(lines, line);) names += line.substr(0, line.find(' ')) + "\n";
    return names;
}

std::string families() // of netlink that the kernel serves
{
    std::istringstream lines(file("/proc/net/netlink"));
    std::set<std::string> found;
    for (std::string line, socket, family, port; std::getline(lines, line);) {
        std::istringstream fields(line);
        if (fields >> socket >> family >> port && port == "0") found.insert(family);
    }
    std::string names;
    for (const auto& name : found) names += name + "\n";
    return names;
}

int descriptors()
{
    DIR* const list = ::opendir("/proc/self/fd");
    int count = 0;
    while (::readdir(list) != nullptr) ++count;
    ::closedir(list);
    return count;
}

// All that a probe could have changed of this process or of what others see.
std::string everything()
{
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    int subreaper = 0;
    ::prctl(PR_GET_CHILD_SUBREAPER, &subreaper, 0, 0, 0);
    std::ostringstream text;
    text << ::getpriority(PRIO_PROCESS, 0) << ' ' << ::sched_getscheduler(0) << ' ' << ::syscall(SYS_ioprio_get, 1, 0)
         << ' ' << files.rlim_cur << ' ' << files.rlim_max << ' ' << subreaper << ' ' << descriptors() << ' '
         << ::geteuid() << '\n'
         << file("/proc/self/oom_score_adj") << file("/proc/self/cgroup") << file("/proc/self/mountinfo") << modules()
         << families();
    const auto locked = file("/proc/self/status");
    return text.str() + locked.substr(locked.find("VmLck"), 30);
}

} // namespace

TEST_CASE("probing leaves nothing behind", "[abilities]")
{
    (void)abilities::report("processctl", {}); // what libc keeps from its first time
    const auto before = everything();
    const auto found = abilities::report("processctl", {});
    CHECK(everything() == before);
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1); // no child
    CHECK(found["abilities"].size() == abilities::all().size());
}

TEST_CASE("each ability says everything about itself, in one name", "[abilities]")
{
    std::set<std::string> names;
    for (const auto& ability : abilities::all()) {
        INFO(ability.name);
        CHECK(names.insert(ability.name).second);
        for (const char* text : {ability.what, ability.used_by, ability.instead, ability.given_by}) {
            CHECK(std::string(text).size() > 3);
            CHECK(std::string(text).back() != '.');
        }
    }
    CHECK(names.size() > 30);
}

TEST_CASE("what another process knows of itself goes before a probe", "[abilities]")
{
    const auto found = abilities::report("daemon", {{"clone3", ENOSYS}, {"memfd", 0}});
    CHECK(found["by"] == "daemon");
    for (const auto& ability : found["abilities"]) {
        if (ability["name"] == "clone3") {
            CHECK(ability["has"] == false);
            CHECK(ability["errno"] == ENOSYS);
            CHECK(ability["reason"] == "Function not implemented");
        }
        if (ability["name"] == "memfd") CHECK(ability["has"] == true);
        if (ability["has"] == true) CHECK(ability["errno"].is_null());
    }
}

TEST_CASE("docs/containers.md has the row of each ability", "[abilities]")
{
    const auto page = file(CONTAINERS_PAGE);
    REQUIRE_FALSE(page.empty());
    for (const auto& ability : abilities::all()) {
        INFO(ability.name);
        const auto row = "\n| `" + std::string(ability.name) + "` | " + ability.what + " | " + ability.used_by + " | " +
                         ability.instead + " | " + ability.given_by + " |\n";
        CHECK(page.find(row) != std::string::npos);
    }
}
