// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/nodes/cluster.h"

#include <algorithm>
#include <charconv>

namespace nodes {
namespace {

using base::Errc;
using base::fail;

std::vector<std::string_view> fields_of(std::string_view line)
{
    std::vector<std::string_view> fields;
    line.remove_prefix(1); // the first bar
    while (!line.empty()) {
        const auto end = std::min(line.find('|'), line.size());
        fields.push_back(line.substr(0, end));
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return fields;
}

} // namespace

base::Result<std::size_t> parse_number(std::string_view text)
{
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
    std::size_t number = 0;
    const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{} || rest != text.data() + text.size() || number > 1'000'000)
        return fail(Errc::unavailable, "\"" + std::string(text.substr(0, 40)) + "\" is not a node's number");
    return number;
}

// |Node|IP|Disconnected|…|ThisNode|, then a line like |0|10.0.0.1|0|…|Y| for each node.
base::Result<Members> parse_status(std::string_view text)
{
    Members members;
    bool head = false;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.starts_with('|')) continue;
        const auto fields = fields_of(line);
        if (fields.size() < 4) return fail(Errc::corrupt, "ctdb's list of nodes has a line of another form");
        if (fields[0] == "Node") {
            head = fields[1] == "IP" && fields[2] == "Disconnected" && fields.back() == "ThisNode";
            continue;
        }
        const auto number = parse_number(fields[0]);
        const auto address = canonical_address(fields[1]);
        if (!head || !number || !address) return fail(Errc::corrupt, "ctdb's list of nodes has a line of another form");
        members.push_back({*number, *address, fields[2] == "0", fields.back() == "Y"});
    }
    if (members.empty()) return fail(Errc::unavailable, "ctdb's list of nodes is empty");
    return members;
}

std::string difference(const List& list, const Members& members)
{
    const auto named = [](std::size_t number, const std::string& address) {
        return "node " + std::to_string(number) + " (" + address + ")";
    };
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto member = std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.number == i; });
        const bool known = member != members.end();
        if (list[i].deleted && known) return "it still has " + named(i, member->address);
        if (!list[i].deleted && !known) return "it does not know " + named(i, list[i].address);
        if (known && member->address != list[i].address)
            return "it takes " + member->address + " for " + named(i, list[i].address);
    }
    for (const auto& member : members)
        if (member.number >= list.size())
            return "it has " + named(member.number, member.address) + ", which is not in the list";
    return {};
}

} // namespace nodes
