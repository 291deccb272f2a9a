// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/decide.h"

#include "statd-callout/helper/client_record.h"

namespace callout {

queued_db::Decision decide(const queued_db::Operation& operation, const Hosting& hosting)
{
    using queued_db::Decision;
    const auto record = parse_key(operation.key);
    if (!record) return Decision::send; // not of the callout: nothing to be careful about
    const auto late = operation.value ? Decision::send : Decision::drop;
    if (hosting.arrived == record->server) return late;
    if (hosting.ours.contains(record->server)) return Decision::send;
    if (!hosting.owners || !hosting.pnn) return Decision::keep;
    const auto owner = hosting.owners->find(record->server);
    if (owner == hosting.owners->end() || owner->second == addresses::nobody) return Decision::keep;
    return owner->second == *hosting.pnn ? Decision::send : late;
}

} // namespace callout
