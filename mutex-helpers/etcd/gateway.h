// SPDX-License-Identifier: GPL-3.0-or-later
// mutex-helpers/etcd/gateway.h: requests and replies of etcd v3's JSON gateway, as far as a lock needs them. Numbers of
// 64 bits are strings there, keys and values base64. Replies are outside bytes: what is not as expected is
// Errc::corrupt.
#pragma once

#include "helpers/base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace etcd {

using Lease = std::int64_t;

std::string base64(std::string_view bytes);

std::string authenticate_request(std::string_view username, std::string_view password); // /v3/auth/authenticate
base::Result<std::string> token_in(std::string_view reply);

std::string grant_request(std::int64_t ttl_s); // /v3/lease/grant
struct Granted {
    Lease lease;
    std::int64_t ttl_s; // may be more than was asked for
};
base::Result<Granted> granted_in(std::string_view reply);

std::string lease_request(Lease lease);                    // /v3/lease/keepalive, /v3/lease/revoke
base::Result<std::int64_t> ttl_in(std::string_view reply); // 0: there is no such lease any more

std::string range_request(std::string_view key);                      // /v3/kv/range
base::Result<std::optional<Lease>> holder_in(std::string_view reply); // none: no such key; 0: it has no lease

// Puts the key if it does not exist, or else asks who has it.
std::string take_request(std::string_view key, std::string_view value, Lease lease); // /v3/kv/txn
struct Taken {
    bool ours;
    Lease holder; // the other one's, or our own if an earlier attempt had come through
};
base::Result<Taken> taken_in(std::string_view reply);

// What the server says is wrong, for a reply with another status than 200.
std::string complaint_in(std::string_view reply);

} // namespace etcd
