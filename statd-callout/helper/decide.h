// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/helper/decide.h: what becomes of a queued change, given who has the address it is about.
// The node that has an address is the only one to delete its records: a late delete of another would take away what the
// client has registered since. A late add only means a notification too many.
#pragma once

#include "helpers/addresses/owners.h"
#include "helpers/queued-db/queue.h"

#include <functional>
#include <optional>
#include <set>
#include <string>

namespace callout {

struct Hosting {
    std::set<std::string> ours; // addresses of this node, and those that it is just giving away
    std::optional<std::string>
        arrived;            // is being taken: changes that wait are of an earlier time, or of the last moment
    std::optional<int> pnn; // with the owners: if ctdbd told
    std::optional<addresses::Owners> owners;
};

//                   add    delete
// ours              send   send
// just arrived      send   drop
// another node's    send   drop
// nobody knows      keep   keep
queued_db::Decision decide(const queued_db::Operation& operation, const Hosting& hosting);

} // namespace callout
