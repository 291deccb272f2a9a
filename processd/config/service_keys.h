// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/service_keys.h: the keys of NAME.toml's [service] table as a ServiceSpec. Keys, units and defaults
// are described in ctdb-processd.toml(5).
#pragma once

#include "processd/config/document.h"
#include "processd/config/log_keys.h"
#include "processd/config/table_reader.h"
#include "processd/model/service_spec.h"

#include <string>
#include <string_view>
#include <vector>

namespace processd::config {

// A name of a service in another's file, for the checks that need all of them.
struct Reference {
    std::string key;
    std::string to;
    Place place;
};

struct ServiceFile {
    model::ServiceSpec spec;
    std::vector<Reference> references;
    std::vector<Reference> jobs; // that checks run
    LogPlaces logs;
    Place place;                   // of [service]
    Place runtime_directory_place; // of its value, where there is one
};

// [a-z0-9][a-z0-9_.@-]{0,63}, and not the daemon's own "processd".
bool is_service_name(std::string_view name);
bool is_group_name(std::string_view name); // of services: the same without "@"

void read_success_codes(TableReader& keys, std::set<int>& codes);

// keys: the [service] table. Whatever does not fit is in complaints, and the result then is of no use.
ServiceFile read_service(const std::string& name, TableReader& keys);

} // namespace processd::config
