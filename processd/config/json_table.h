// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/json_table.h: a declaration that came over the API as JSON, as the table that its TOML would have
// been: the same keys and kinds of values. Places know no lines here; what is wrong is told by its key.
#pragma once

#include "processd/config/document.h"

namespace processd::config {

// An object's first character, with which no TOML document begins.
bool looks_like_json(std::string_view text);
// Nothing for what is no JSON object, has a key twice, or holds what TOML cannot: null, numbers beyond 64 bits.
// complaints say so, all at once.
std::optional<Table> parse_json_table(std::string_view text, std::size_t file, Complaints& complaints);
// JSON or TOML, whichever it is.
std::optional<Table> parse_declaration(std::string_view text, std::size_t file, Complaints& complaints);
// Whether two declarations say the same, however they are written; not what is wrong.
bool same_declaration(std::string_view a, std::string_view b);

} // namespace processd::config
