// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/job_keys.h: the keys of NAME.toml's [job] or [hook] table as a JobSpec. Keys, units and defaults are
// described in ctdb-processd.toml(5).
#pragma once

#include "processd/config/service_keys.h"
#include "processd/model/job.h"

namespace processd::config {

struct JobFile {
    model::JobSpec spec;
    std::vector<Reference> references; // in "on_failure" and "of"
    LogPlaces logs;
    Place place; // of its table
};

// keys: the table. Whatever does not fit is in its complaints, and the result then is of no use.
JobFile read_job(const std::string& name, TableReader& keys);
JobFile read_hook(const std::string& name, TableReader& keys);

} // namespace processd::config
