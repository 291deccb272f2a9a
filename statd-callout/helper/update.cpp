// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/update.h"

#include "helpers/addresses/address_file.h"
#include "helpers/base/log.h"
#include "helpers/queued-db/carrier.h"
#include "statd-callout/helper/drop_box.h"

namespace callout {
namespace {

// Within an event of 30 s, which other scripts share.
constexpr auto transaction_timeout = std::chrono::seconds{8}, question_timeout = std::chrono::seconds{4};

// Asks only when a change needs it, and below the lock of flushes: an address that another event has just given away is
// not taken for ours any more.
class HostingOnDemand {
public:
    HostingOnDemand(const Settings& settings, const Moving& moving) : settings_(settings), moving_(moving) {}

    queued_db::Decision operator()(const queued_db::Operation& operation)
    {
        if (!asked_cache_) {
            asked_cache_ = true;
            const auto cached = addresses::AddressFile{settings_.address_cache()}.read();
            if (cached) hosting_.ours.insert(cached->begin(), cached->end());
            if (moving_.leaving) hosting_.ours.insert(*moving_.leaving);
            hosting_.arrived = moving_.arriving;
        }
        auto decision = decide(operation, hosting_);
        if (decision == queued_db::Decision::keep && !asked_ctdb_) {
            asked_ctdb_ = true;
            const auto pnn = addresses::ask_pnn(settings_.ctdb, question_timeout);
            const auto owners = pnn ? addresses::ask_owners(settings_.ctdb, question_timeout) : addresses::Owners{};
            if (pnn) hosting_.pnn = *pnn;
            if (pnn && owners) hosting_.owners = *owners;
            decision = decide(operation, hosting_);
        }
        return decision;
    }

private:
    const Settings& settings_;
    const Moving& moving_;
    Hosting hosting_;
    bool asked_cache_ = false, asked_ctdb_ = false;
};

void tell(const queued_db::Flushed& flushed)
{
    if (flushed.sent + flushed.dropped > 0)
        base::log::debug("records carried", {{"sent", flushed.sent},
                                             {"dropped", flushed.dropped},
                                             {"kept", flushed.kept},
                                             {"transactions", flushed.transactions}});
}

} // namespace

base::Result<queued_db::Queue> open_queue(const Settings& settings)
{
    return queued_db::Queue::open(settings.kept_directory + "/queued-db", settings.db);
}

base::Result<queued_db::Flushed> update_held(const Settings& settings, queued_db::Queue& queue, const Moving& moving)
{
    if (auto taken = take_files(settings, queue); !taken) return tl::unexpected(taken.error());
    HostingOnDemand hosting{settings, moving};
    auto flushed = queue.flush_held(queued_db::ptrans_carrier(settings.db, transaction_timeout), std::ref(hosting));
    if (flushed) tell(*flushed);
    return flushed;
}

base::Result<queued_db::Flushed> update(const Settings& settings, const Moving& moving, bool if_due)
{
    if (settings.storage != Storage::persistent_db) return queued_db::Flushed{};
    auto queue = open_queue(settings);
    if (!queue) return tl::unexpected(queue.error());
    if (auto taken = take_files(settings, *queue); !taken) return tl::unexpected(taken.error());
    HostingOnDemand hosting{settings, moving};
    const auto carrier = queued_db::ptrans_carrier(settings.db, transaction_timeout);
    auto flushed = if_due ? queue->flush_if_due(carrier, std::ref(hosting)) : queue->flush(carrier, std::ref(hosting));
    if (flushed) tell(*flushed);
    return flushed;
}

base::Result<std::vector<std::string>> hosted_addresses(const Settings& settings)
{
    auto cached = addresses::AddressFile{settings.address_cache()}.read();
    if (cached || cached.error().code != std::errc::no_such_file_or_directory) return cached;
    const auto pnn = addresses::ask_pnn(settings.ctdb, question_timeout);
    if (!pnn) return tl::unexpected(pnn.error());
    const auto owners = addresses::ask_owners(settings.ctdb, question_timeout);
    if (!owners) return tl::unexpected(owners.error());
    std::vector<std::string> ours;
    for (const auto& [address, owner] : *owners)
        if (owner == *pnn) ours.push_back(address);
    return ours;
}

} // namespace callout
