// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/record.h: the files of one call, one per public address of this node.
// persistent_db: DIR/statd-state@SERVER@CLIENT holds the line that ends up in the database; it is written beside, as a
// file whose name begins with a dot, and renamed, so that whoever reads the directory sees whole records only.
// shared_dir: the name alone is the record. An address that fails is complained about and does not keep the others from
// being recorded.
#pragma once

#include "statd-callout/config.h"

#include <cstdint>
#include <string_view>

namespace callout {

enum class Change { add, remove };

// addresses: the text of the public address file. True if every record was made.
bool record(const Config& config, std::string_view addresses, std::string_view client, Change change,
            std::int64_t epoch_seconds) noexcept;

} // namespace callout
