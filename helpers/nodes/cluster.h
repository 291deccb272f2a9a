// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/nodes/cluster.h: what "ctdb -X status" says, and how it compares with a list. Pure.
#pragma once

#include "helpers/base/result.h"
#include "helpers/nodes/list.h"

#include <string>
#include <string_view>
#include <vector>

namespace nodes {

struct Member {
    std::size_t number = 0;
    std::string address;
    bool connected = false;
    bool self = false; // the node that was asked

    friend bool operator==(const Member&, const Member&) = default;
};
using Members = std::vector<Member>; // without deleted ones

base::Result<Members> parse_status(std::string_view text);
// The first difference as a clause, such as "it does not know node 3 (10.0.0.4)"; empty if there is none.
std::string difference(const List& list, const Members& members);
// A line with one number, as "ctdb pnn" and "ctdb leader" print it.
base::Result<std::size_t> parse_number(std::string_view text);

} // namespace nodes
