// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/queued-db/carrier.h: "ctdb ptrans DB" as a carrier. The command is $CTDB, as in CTDB's scripts, else ctdb.
// Where ctdb-processd serves its socket and processctl is in PATH, ctdb runs under the daemon, so that each transaction
// has its record; if that cannot be, it runs below ourselves.
#pragma once

#include "helpers/base/time.h"
#include "helpers/queued-db/queue.h"

#include <string>

namespace queued_db {

Carrier ptrans_carrier(const std::string& db, base::Duration timeout);

} // namespace queued_db
