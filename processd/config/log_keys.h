// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/log_keys.h: where lines of output go: [logs] of processd.toml and [service.logs], as a LogSpec. Keys,
// units and defaults are described in ctdb-processd.toml(5).
#pragma once

#include "processd/config/table_reader.h"
#include "processd/model/log_spec.h"

#include <map>
#include <string>
#include <vector>

namespace processd::config {

// Where names and files are written, for the checks that need all files.
struct LogPlaces {
    struct Named {
        std::string key, name;
        Place place;
    };
    struct Written {
        std::string path; // of a file
        Place place;      // of its sink
    };
    std::vector<Named> named; // sinks in "stdout" and "stderr"
    std::vector<Written> written;
};

// keys is the table, with all keys but these known. of_service: nothing of a service is written to the daemon's stderr
// by a sink of its own.
void read_logs(TableReader& keys, bool of_service, model::LogSpec& logs, LogPlaces& places);

struct Declared;
struct DaemonLogs { // processd.toml's
    model::LogSpec spec;
    LogPlaces places;
    Origin origin;
    bool known = true; // false: the file is too broken to say which sinks there are
};
// Names of sinks that do not exist, and files that two sinks would write and rotate.
void check_logs(const DaemonLogs& daemon, const Declared& declared, Problems& problems);

} // namespace processd::config
