// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/system_json.h: docs/openapi.yaml, System, without what only the API knows.
#pragma once

#include "processd/supervisor/configured.h"
#include "processd/supervisor/supervisor.h"

#include <nlohmann/json_fwd.hpp>

namespace processd::store {
class Records;
}

namespace processd::supervisor {

class Journal;
class Memory;

// What it is told from.
struct SystemView {
    const protocol::Hello& hello;
    base::WallTime started; // the manager
    const Directories& directories;
    const Configured& configured;
    const Services& services;
    const Jobs& jobs;
    const Runs& runs;
    const store::Records& records;
    const Operations& operations;
    Journal& journal;
    Memory& memory; // is measured again
    bool stopping;
    base::WallTime stop_deadline;
};
nlohmann::json system_json(const SystemView& view);

} // namespace processd::supervisor
