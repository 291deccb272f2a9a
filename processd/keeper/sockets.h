// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/sockets.h: the sockets the keeper holds so that no restart of the manager loses a connection or a
// word: the API's listening socket, which it hands over unread, and each notifying service's datagram socket, which it
// reads.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace processd::keeper {

inline constexpr std::uint32_t default_api_mode = 0666; // who may do what is decided by the peer's uid, not by the mode

// Replaces a socket that nobody listens on. Refused, naming the holder's pid, if somebody does.
base::Result<base::UniqueFd> listen_at(const std::string& path);

// A datagram socket that knows its senders. Anybody may send; the reader judges by the sender's credentials.
base::Result<base::UniqueFd> notify_socket_at(const std::string& path);

// Errc::limit with the limit named, if path does not fit into a socket address.
base::Result<void> check_socket_path(const std::string& path);

struct Notification {
    pid_t pid = 0;
    uid_t uid = 0;
    bool ready = false;
    bool stopping = false;
    bool watchdog = false;
    bool trouble = false; // WATCHDOG=trigger
    bool reloading = false;
    std::uint64_t extend_us = 0;
    std::optional<pid_t> main_pid; // 0: what is no number of a process
    std::optional<std::string> status;
};
// One message, as sd_notify(3) sends it. Nothing when there is none now. Descriptors that came along are dropped, which
// is what sd_notify_barrier(3) waits for.
std::optional<Notification> read_notification(int fd);
Notification parse_notification(std::string_view text);

// Tells the service manager that started us, if any. address is the value of its NOTIFY_SOCKET; empty: nobody.
void tell_parent(const std::string& address, std::string_view message);

} // namespace processd::keeper
