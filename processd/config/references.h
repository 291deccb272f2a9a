// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/references.h: what only all services together can tell: names that do not exist, services that wait
// for each other in a circle, and a runtime directory that two of them would remove.
#pragma once

#include "processd/config/job_keys.h"

#include <map>
#include <set>
#include <string>

namespace processd::config {

struct NamedFile {
    ServiceFile file;
    Origin origin;
};

struct NamedJob {
    JobFile file;
    Origin origin;
};
struct Declared {
    std::map<std::string, NamedFile> services;
    std::map<std::string, NamedJob> jobs;
    std::map<std::string, std::string> templates; // "smbd@", and its file
    std::set<std::string> unknown;                // files too broken to say what they declare: one mistake is told once
};

void check_references(const Declared& declared, Problems& problems);

} // namespace processd::config
