// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/id_maps.h: which ids of a peer can be believed. In a user namespace that does not have all users, the
// kernel shows those that it lacks as the overflow id, 65534, which is also nobody's: then that id says who the peer is
// not, and nothing else.
#pragma once

#include <cstdint>
#include <string_view>

namespace processd::api {

struct IdMaps {
    bool all_users = true, all_groups = true; // this process's namespace has them
    std::uint32_t overflow_uid = 65534, overflow_gid = 65534;
    std::uint32_t own_uid = 0; // of this process

    [[nodiscard]] bool unmapped_user(std::uint32_t uid) const { return !all_users && uid == overflow_uid; }
    [[nodiscard]] bool unmapped_group(std::uint32_t gid) const { return !all_groups && gid == overflow_gid; }
};

bool maps_all(std::string_view map); // a /proc/PID/uid_map or gid_map, see user_namespaces(7)
IdMaps own_id_maps();                // as long as this process lives they stay so

} // namespace processd::api
