// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/peer.h"

#include "helpers/base/unique_fd.h"

#include <array>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>

namespace processd::api {

base::Result<Peer> peer_of(int fd)
{
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
        return base::fail(errno, "ask who is at the other end of a connection");
    Peer peer{credentials.uid, credentials.gid, std::vector<gid_t>(32), credentials.pid, {}};
    for (;;) {
        size = static_cast<socklen_t>(peer.groups.size() * sizeof(gid_t));
        const int r = ::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &size);
        if (r < 0 && errno != ERANGE) return base::fail(errno, "ask for the groups at the other end of a connection");
        peer.groups.resize(size / sizeof(gid_t)); // of what there is, or of what there would have been
        if (r == 0) return peer;
    }
}

std::string command_of(pid_t pid)
{
    if (pid <= 0) return {}; // of another pid namespace
    const std::string path = "/proc/" + std::to_string(pid) + "/comm";
    const base::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    std::array<char, 64> name{};
    const ssize_t n = fd ? ::read(fd.get(), name.data(), name.size()) : -1;
    if (n <= 0) return {};
    std::string text(name.data(), static_cast<std::size_t>(n));
    if (text.back() == '\n') text.pop_back();
    return text;
}

} // namespace processd::api
