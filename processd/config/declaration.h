// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/declaration.h: what a NAME.toml declares, which is exactly one thing: [service], [job] or [hook].
#pragma once

#include "processd/config/job_keys.h"
#include "processd/config/service_keys.h"

#include <variant>

namespace processd::config {

// monostate: none, or more than one, or what is not known here; complaints say so.
using Declaration = std::variant<std::monostate, ServiceFile, JobFile>;
Declaration read_declaration(const std::string& name, const Table& document, Complaints& complaints);

} // namespace processd::config
