// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/id_maps.h"

#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <unistd.h>

namespace processd::api {
namespace {

std::string text_of(const char* path)
{
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::uint32_t number_in(const char* path, std::uint32_t otherwise)
{
    std::ifstream file(path);
    std::uint32_t number = 0;
    return file >> number ? number : otherwise;
}

} // namespace

// Lines of an inside id, an outside id and a count. -1 is no id, so there is one less than there are numbers.
bool maps_all(std::string_view map)
{
    std::istringstream lines{std::string(map)};
    std::uint64_t inside = 0;
    std::uint64_t outside = 0;
    std::uint64_t count = 0;
    std::uint64_t all = 0;
    while (lines >> inside >> outside >> count) all += count;
    return all >= std::numeric_limits<std::uint32_t>::max();
}

IdMaps own_id_maps()
{
    IdMaps maps;
    const auto users = text_of("/proc/self/uid_map");
    const auto groups = text_of("/proc/self/gid_map");
    // A kernel without user namespaces has no such files, and everybody is who he is.
    maps.all_users = users.empty() || maps_all(users);
    maps.all_groups = groups.empty() || maps_all(groups);
    maps.overflow_uid = number_in("/proc/sys/kernel/overflowuid", maps.overflow_uid);
    maps.overflow_gid = number_in("/proc/sys/kernel/overflowgid", maps.overflow_gid);
    maps.own_uid = ::geteuid();
    return maps;
}

} // namespace processd::api
