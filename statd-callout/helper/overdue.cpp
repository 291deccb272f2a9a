// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/overdue.h"

#include "helpers/addresses/address_file.h"
#include "helpers/base/lock_file.h"
#include "helpers/base/log.h"

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <spawn.h>
#include <sys/stat.h>

namespace callout {
namespace {

// The ipreallocated event follows takeip within a takeover run's time; those who are away are given a rest.
constexpr std::time_t takeover_time = 15, rest = 120;

std::optional<std::time_t> changed(const std::string& path)
{
    struct stat st {};
    if (::stat(path.c_str(), &st) != 0) return std::nullopt;
    return st.st_mtime;
}

bool has_unreached(const Settings& settings)
{
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(settings.kept_directory + "/notify", ignored))
        if (entry.is_regular_file(ignored) && entry.file_size(ignored) > 0) return true;
    return false;
}

void start_notify()
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    std::string program = "statd_callout_helper", what = "notify";
    const std::array<char*, 3> argv{program.data(), what.data(), nullptr};
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (error == 0) base::log::info("notifications are overdue, and are made now");
}

} // namespace

bool overdue(std::optional<std::time_t> taken_since, bool unreached, std::optional<std::time_t> tried, std::time_t now)
{
    const auto longer = [now](std::optional<std::time_t> since, std::time_t than) {
        return !since || now - *since > than || *since > now + 1; // a clock that was set back
    };
    if (taken_since) return longer(taken_since, takeover_time) && longer(tried, takeover_time);
    return unreached && longer(tried, rest);
}

void notify_if_overdue(const Settings& settings)
{
    if (settings.storage == Storage::none) return;
    std::optional<std::time_t> since;
    const auto taken = addresses::AddressFile{settings.new_addresses()}.read();
    if (taken && !taken->empty()) since = changed(settings.new_addresses());
    const auto tried = changed(settings.kept_directory + "/notify.tried");
    if (!overdue(since, has_unreached(settings), tried, ::time(nullptr))) return;
    // Somebody is at it?
    if (base::lock_file(settings.kept_directory + "/notify.lock", base::Duration{0})) start_notify();
}

} // namespace callout
