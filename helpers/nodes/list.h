// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/nodes/list.h: CTDB's list of nodes as a value. A node's number (PNN) is its place in the list and stays its
// own for ever: it is part of record headers on every other node. So a list is judged against the one before it:
// numbers never shift, are never left out, and never go to another address. Pure; the format is docs/nodes.md.
#pragma once

#include "helpers/base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodes {

inline constexpr std::size_t max_list_bytes = 1U << 20U;

struct Node {
    std::string address; // canonical; of a deleted node what it was, or empty if nobody knows
    bool deleted = false;
    bool replaced = false; // the source says that this number's node has come back with another address. Not in files

    friend bool operator==(const Node&, const Node&) = default;
};
using List = std::vector<Node>; // by number

// One address as people write it, in the form that inet_ntop(3) gives it; Errc::bad_input with a sentence about what
// can't be a node's.
base::Result<std::string> canonical_address(std::string_view text);

// Lines as CTDB reads them: an address, "#…" for a deleted node (which keeps its number), blank lines count for
// nothing. Stricter than CTDB: what it would take, but nobody can have meant, is refused. A text whose last line has no
// end may have been cut off and is refused, but for a file that people edit (must_end).
base::Result<List> parse_lines(std::string_view text, bool must_end = true);
// What sambacc keeps: {"nodes": [{"identity", "node", "pnn", "state"}, …]}. changed: the node's address is about to
// change, so it is out until its state is replaced. gone: deleted.
base::Result<List> parse_json(std::string_view text);
// Either, by its first character.
base::Result<List> parse_source(std::string_view text);

std::string format_lines(const List& list); // as CTDB reads it

struct Changes {
    std::vector<std::size_t> added, deleted, restored; // numbers
    [[nodiscard]] bool none() const { return added.empty() && deleted.empty() && restored.empty(); }
};
struct Successor {
    List list; // with what is known of deleted nodes carried over
    Changes changes;
};
// May next follow before? There is no before at first.
base::Result<Successor> succeed(const std::optional<List>& before, List next);

std::string changes_text(const List& list,
                         const Changes& changes); // "node 3 (10.0.0.4) added, node 1 (10.0.0.2) deleted"

} // namespace nodes
