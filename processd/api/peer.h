// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/peer.h: who is at the other end of a connection, as the kernel noted when it was made.
#pragma once

#include "helpers/base/result.h"

#include <string>
#include <sys/types.h>
#include <vector>

namespace processd::api {

struct Peer {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups; // supplementary
    pid_t pid = 0;             // of the process that connected; it may have ended or handed the socket on since
    std::string command{};     // its name, where the server asked for it
    friend bool operator==(const Peer&, const Peer&) = default;
};

// SO_PEERCRED and SO_PEERGROUPS of a connected Unix socket.
base::Result<Peer> peer_of(int fd);

// The peer's command name for "who asked", empty when it cannot be told. Reads /proc/PID/comm, which the kernel answers
// from the task itself: unlike cmdline it never waits for a process that hangs.
std::string command_of(pid_t pid);

} // namespace processd::api
