// SPDX-License-Identifier: GPL-3.0-or-later
// Stands in the manager's place in tests of the keeper: hands its end of the channel to the test, which listens at the
// Unix socket STAND_IN_SOCKET, and stays alive until the keeper closes the channel. So the test itself speaks with the
// keeper, while the process that the keeper watches, kills and restarts is a real one. STAND_IN_EXIT=N: exits at once
// with that code instead.
#include <array>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main()
{
    if (const char* code = std::getenv("STAND_IN_EXIT"); code != nullptr) return std::atoi(code);
    const char* path = std::getenv("STAND_IN_SOCKET");
    const int channel = 3;
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path == nullptr || std::strlen(path) >= sizeof address.sun_path) return 99;
    std::strcpy(&address.sun_path[0], path);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) return 98;

    pid_t pid = ::getpid();
    iovec part{&pid, sizeof pid};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof channel);
    std::memcpy(CMSG_DATA(rights), &channel, sizeof channel);
    if (::sendmsg(fd, &message, 0) < 0) return 97;

    pollfd gone{channel, 0, 0};
    while (::poll(&gone, 1, -1) < 0 || (gone.revents & (POLLHUP | POLLERR)) == 0) {}
    return 0;
}
