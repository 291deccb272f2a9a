// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/notify/rpc.h: the three ONC RPC calls that a notification takes, as datagrams (RFC 5531, 1833; NSM of
// X/Open).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace callout {

constexpr std::uint32_t nsm_program = 100024, nsm_version = 1;

std::string getport_call(std::uint32_t xid); // rpcbind version 2: the port of statd over UDP
std::string getaddr_call(std::uint32_t xid, std::uint32_t version,
                         bool v6); // rpcbind version 3 or 4: its universal address
std::string notify_call(std::uint32_t xid, std::string_view mon_name, std::int32_t state);

struct Reply {
    std::uint32_t xid = 0;
    enum { success, not_accepted, other_version } kind = not_accepted; // other_version: the program does not have ours
    std::string_view result;                                           // after success
};
std::optional<Reply> parse_reply(std::string_view datagram); // nothing: no reply at all

// Results. 0: statd is not registered; nothing: not a result.
std::optional<std::uint16_t> parse_port(std::string_view result);
std::optional<std::uint16_t> parse_universal_address(std::string_view result);

} // namespace callout
