// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/sm_notify.h"

#include "helpers/base/log.h"
#include "helpers/command/command.h"

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

namespace callout {
namespace {

namespace fs = std::filesystem;

// sm-notify drops its privileges to the owner of sm.
void hand_to_statd(const fs::path& top, const std::string& sm_directory)
{
    struct stat sm {};
    if (::stat(sm_directory.c_str(), &sm) != 0) return;
    std::error_code ignored;
    const auto hand = [&sm](const fs::path& path) {
        if (::lchown(path.c_str(), sm.st_uid, sm.st_gid) != 0)
            base::log::warning("rpc.statd's user cannot have a file", {{"path", path.string()}});
    };
    hand(top);
    for (const auto& entry : fs::recursive_directory_iterator(top, ignored)) hand(entry.path());
}

void write_directory(const fs::path& top, const std::vector<Target>& targets, const std::vector<std::size_t>& indices)
{
    std::error_code ignored;
    fs::remove_all(top, ignored);
    fs::create_directories(top / "sm", ignored);
    fs::create_directories(top / "sm.bak", ignored);
    for (const auto i : indices)
        std::ofstream{top / "sm" / targets[i].client} << monitor_line(targets[i].client, targets[i].server);
    const int state = targets[indices.front()].state;
    std::ofstream{top / "state", std::ios::binary}.write(reinterpret_cast<const char*>(&state), sizeof state);
}

} // namespace

std::string monitor_line(const std::string& client, const std::string& server)
{
    constexpr unsigned char loopback[] = {127, 0, 0, 1};
    unsigned address = 0;
    std::memcpy(&address, loopback, sizeof address);
    char text[80];
    std::snprintf(text, sizeof text, "%08x %08x %08x %08x %032x ", address, 100021U, 4U, 16U, 0U);
    return text + client + " " + server + "\n";
}

void run_sm_notify(const Settings& settings, const std::vector<Target>& targets, const OnOutcome& on_outcome)
{
    const auto began = base::now();
    std::map<std::string, std::vector<std::size_t>> by_server;
    for (std::size_t i = 0; i < targets.size(); ++i) by_server[targets[i].server].push_back(i);
    for (const auto& [server, indices] : by_server) {
        const fs::path top = settings.own_directory + "/sm-notify/" + server;
        write_directory(top, targets, indices);
        hand_to_statd(top, settings.sm_directory);
        const auto ran =
            command::run({"timeout", "10", "sm-notify", "-d", "-f", "-m", "0", "-n", "-P", top.string(), "-v", server},
                         {}, std::chrono::seconds{20});
        const auto why = "sm-notify " + (ran ? ran->reason() : ran.error().message());
        std::error_code ignored;
        for (const auto i : indices) {
            const auto& client = targets[i].client;
            const bool left = fs::exists(top / "sm" / client, ignored) || fs::exists(top / "sm.bak" / client, ignored);
            on_outcome(i, {!left, left ? why : std::string(), base::now() - began});
        }
        fs::remove_all(top, ignored);
    }
}

} // namespace callout
