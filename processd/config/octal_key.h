// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/octal_key.h: permission bits as octal digits in a string, as a TOML number would be decimal.
#pragma once

#include "processd/config/table_reader.h"

namespace processd::config {

void read_octal(TableReader& keys, std::string_view key, std::uint32_t& bits, std::string_view example);

} // namespace processd::config
