// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/nodes/list.h"

#include <nlohmann/json.hpp>
#include <set>

namespace nodes {
namespace {

using base::Errc;
using base::fail;
using nlohmann::json;

constexpr std::uint64_t most_nodes = 10'000;
constexpr int deepest = 16;

// nlohmann's parser recurses for nested input.
json parse_bounded(std::string_view text)
{
    bool too_deep = false;
    const auto limit = [&](int depth, json::parse_event_t, const json&) {
        if (depth > deepest) too_deep = true;
        return !too_deep;
    };
    auto value = json::parse(text, limit, false);
    return too_deep ? json(json::value_t::discarded) : value;
}

std::string text_at(const json& entry, const char* key)
{
    const auto found = entry.find(key);
    return found != entry.end() && found->is_string() ? found->get<std::string>() : std::string();
}

base::Result<Node> node_of(const json& entry, const std::string& state)
{
    // Its old line with a # before it, which only the list before knows; here the address may be the new one already.
    if (state == "changed") return Node{"", true, false};
    const auto address = canonical_address(text_at(entry, "node"));
    if (!address) return base::wrap("its node", address.error());
    if (state == "gone") return Node{*address, true, false};
    if (state == "new") return Node{*address, false, false};
    // After replaced comes ready. Who looks seldom may see only that.
    if (state == "replaced" || state == "ready") return Node{*address, false, true};
    return fail(Errc::bad_input, "its state is none of new, ready, changed, replaced and gone");
}

} // namespace

base::Result<List> parse_json(std::string_view text)
{
    if (text.size() > max_list_bytes) return fail(Errc::bad_input, "the list is larger than 1 MiB");
    const auto value = parse_bounded(text);
    if (value.is_discarded()) return fail(Errc::bad_input, "it is not JSON, or cut off");
    const auto entries = value.is_object() ? value.find("nodes") : value.end();
    if (!value.is_object() || entries == value.end() || !entries->is_array())
        return fail(Errc::bad_input, "it is no JSON object with a list \"nodes\"");
    std::vector<std::optional<Node>> places;
    std::set<std::string> identities;
    std::size_t index = 0;
    for (const auto& entry : *entries) {
        const auto where = "entry " + std::to_string(++index) + " of \"nodes\"";
        const auto pnn = entry.is_object() ? entry.find("pnn") : entry.end();
        if (!entry.is_object() || pnn == entry.end() || !pnn->is_number_unsigned() ||
            pnn->get<std::uint64_t>() >= most_nodes)
            return fail(Errc::bad_input, where + " has no usable \"pnn\"");
        const auto identity = text_at(entry, "identity");
        if (identity.empty()) return fail(Errc::bad_input, where + " has no \"identity\"");
        if (!identities.insert(identity).second)
            return fail(Errc::bad_input, where + " has the identity of another one");
        const auto place = pnn->get<std::size_t>();
        if (place >= places.size()) places.resize(place + 1);
        if (places[place])
            return fail(Errc::bad_input, where + " has the pnn of another one, " + std::to_string(place));
        const auto node = node_of(entry, text_at(entry, "state"));
        if (!node) return base::wrap(where, node.error());
        places[place] = *node;
    }
    List list;
    for (const auto& place : places) {
        if (!place) return fail(Errc::bad_input, "there is no entry for node " + std::to_string(list.size()));
        list.push_back(*place);
    }
    return list;
}

} // namespace nodes
