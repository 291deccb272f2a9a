// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/refusals.h: which refused requests are told in the log: each user's first, then one a while with the
// number of those between, so that nobody fills the log by asking.
#pragma once

#include "helpers/base/time.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>

namespace processd::api {

struct Peer;

class Refusals { // pure
public:
    static constexpr base::Duration silence = std::chrono::minutes{1};
    static constexpr std::size_t max_users = 100; // more of them at once are told together, as (uid_t)-1

    // How many of this user were refused and not told since the last that was; nothing if this one is not to be told.
    std::optional<std::uint64_t> tell(uid_t uid, base::Time now);

private:
    struct Told {
        base::Time at;
        std::uint64_t since = 0;
    };
    std::map<uid_t, Told> told_;
};

// what: "GET /v1/services needs level read, and this user has none".
void log_refusal(Refusals& refusals, const Peer& peer, const std::string& what);

} // namespace processd::api
