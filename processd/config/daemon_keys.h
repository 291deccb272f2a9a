// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/daemon_keys.h: the keys of processd.toml as a DaemonSpec. Keys, units and defaults are described in
// ctdb-processd.toml(5).
#pragma once

#include "processd/config/document.h"
#include "processd/config/log_keys.h"
#include "processd/model/service_spec.h"

namespace processd::config {

// Whatever does not fit is in complaints, and the result then is of no use. What only all files together can tell is
// looked for with log_places.
model::DaemonSpec read_daemon(const Table& document, Complaints& complaints, LogPlaces& log_places);

} // namespace processd::config
