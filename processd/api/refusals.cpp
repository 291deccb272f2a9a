// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/refusals.h"

#include "helpers/base/log.h"
#include "processd/api/peer.h"

#include <utility>

namespace processd::api {

std::optional<std::uint64_t> Refusals::tell(uid_t uid, base::Time now)
{
    if (!told_.contains(uid) && told_.size() >= max_users) {
        std::erase_if(told_, [&](const auto& one) { return one.second.since == 0 && one.second.at + silence <= now; });
        if (told_.size() >= max_users) uid = static_cast<uid_t>(-1);
    }
    const auto [found, is_new] = told_.try_emplace(uid, Told{now, 0});
    auto& told = found->second;
    if (is_new) return 0;
    if (now < told.at + silence) {
        ++told.since;
        return std::nullopt;
    }
    told.at = now;
    return std::exchange(told.since, 0);
}

void log_refusal(Refusals& refusals, const Peer& peer, const std::string& what)
{
    const auto untold = refusals.tell(peer.uid, base::now());
    if (!untold) return;
    base::log::info("the API refused somebody; [access] in processd.toml says who may what",
                    {{"uid", peer.uid}, {"pid", peer.pid}, {"what", what}, {"not_told_since", *untold}});
}

} // namespace processd::api
