// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/signal_key.h: the key "signal", a signal by its name.
#pragma once

#include "processd/config/table_reader.h"

namespace processd::config {

void read_signal(TableReader& keys, std::string& signal); // without "SIG"

} // namespace processd::config
