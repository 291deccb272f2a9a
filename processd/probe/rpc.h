// SPDX-License-Identifier: GPL-3.0-or-later
// processd/probe/rpc.h: as much of ONC RPC (RFC 5531) as it takes to ask a program whether it answers: a call without
// credentials, its reply, and rpcbind's answer to where a program listens (RFC 1833, RPCBPROC_GETADDR). XDR is 32-bit
// words in network order. Bytes in, values out; no I/O.
#pragma once

#include "helpers/base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace processd::probe {

inline constexpr std::uint32_t rpcbind_program = 100000;
inline constexpr std::uint32_t rpcbind_version = 4;
inline constexpr std::uint32_t getaddr_procedure = 3;
inline constexpr std::uint16_t rpcbind_port = 111;

struct Call {
    std::uint32_t xid = 0;
    std::uint32_t program = 0;
    std::uint32_t version = 0;
    std::uint32_t procedure = 0; // 0: NULL, which every program has
    std::string arguments;       // XDR
};
std::string encode(const Call& call);
std::string getaddr_arguments(std::uint32_t program, std::uint32_t version, std::string_view netid);

// A record of a stream: its length, with the mark of the last fragment, before the message.
std::string as_record(std::string_view message);
// The message of the first record of a stream, once it is there as a whole. Replies come in one fragment; more than
// 64 KiB or a second fragment is Errc::corrupt.
base::Result<std::optional<std::string>> message_of(std::string_view stream);

// The results of a reply to the call with this xid. Nothing for a reply to another call; an error says in words what
// the server says: that it does not know the program, or which versions it has, or that it denies the call.
base::Result<std::optional<std::string>> decode_reply(std::string_view message, std::uint32_t xid);

// The port of a universal address in rpcbind's results, "127.0.0.1.2.150": 662. 0 for none: not registered.
base::Result<std::uint16_t> port_of(std::string_view results);

} // namespace processd::probe
