// SPDX-License-Identifier: GPL-3.0-or-later
// processd/protocol/channel.h: one message in, one message out, over the SOCK_SEQPACKET pair. Never blocks.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"
#include "processd/protocol/message.h"

#include <cstring>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace processd::protocol {

struct Received {
    Header header;
    std::string body; // after the header
    std::vector<base::UniqueFd> fds;
};

enum class SendResult { sent, again, closed };

// The bytes of a trivially copyable struct, to be put into a message body.
template <class T> std::string_view bytes_of(const T& value)
{
    static_assert(std::is_trivially_copyable_v<T>);
    return {reinterpret_cast<const char*>(&value), sizeof value};
}
// The struct at the start of a body; nothing if the body is shorter. What follows it is body.substr(sizeof(T)).
template <class T> std::optional<T> read_struct(std::string_view body)
{
    static_assert(std::is_trivially_copyable_v<T>);
    if (body.size() < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, body.data(), sizeof value);
    return value;
}

// Sends header and parts as one packet. The header's magic, version and size are filled in here.
SendResult send_message(int fd, Type type, std::uint64_t seq, std::uint64_t read_seq,
                        std::initializer_list<std::string_view> parts, std::span<const int> fds = {}) noexcept;

// nullopt: nothing there now. Errors: Errc::unavailable when the other side has closed; Errc::corrupt for a packet that
// is too short or long, of another magic or version (the message names both versions); errno of recvmsg otherwise.
base::Result<std::optional<Received>> receive_message(int fd);

} // namespace processd::protocol
