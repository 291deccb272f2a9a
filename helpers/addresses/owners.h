// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/addresses/owners.h: which node has which public address, as ctdbd sees it. In an event ctdbd does not know of
// the event's own move yet.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace addresses {

constexpr int nobody = -1; // the PNN of an address that no node has

using Owners = std::map<std::string, int>; // address to PNN

// The output of "ctdb -X ip all": a heading, then |ADDRESS|PNN|…; other lines are passed over.
Owners parse_owners(std::string_view text);

base::Result<Owners> ask_owners(const std::vector<std::string>& ctdb, base::Duration timeout);
base::Result<int> ask_pnn(const std::vector<std::string>& ctdb, base::Duration timeout);

} // namespace addresses
