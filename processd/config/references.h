// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/references.h: what only all services together can tell: names that do not exist, services that wait
// for each other in a circle, and a runtime directory that two of them would remove.
#pragma once

#include "processd/config/service_keys.h"

#include <map>
#include <set>
#include <string>

namespace processd::config {

struct NamedFile {
    ServiceFile file;
    std::vector<std::string> paths; // by Place::file
};

// names: every service that has a file, also those too broken to be in files, so that one mistake is told once.
void check_references(const std::map<std::string, NamedFile>& files, const std::set<std::string>& names,
                      Problems& problems);

} // namespace processd::config
