// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/queued-db/operation.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace queued_db {

std::vector<Entry> coalesce(const std::vector<Entry>& entries)
{
    std::vector<Entry> last;
    std::unordered_set<std::string_view> seen;
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry)
        if (seen.insert(entry->operation.key).second) last.push_back(*entry);
    std::reverse(last.begin(), last.end());
    return last;
}

} // namespace queued_db
