// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/load.h: a configuration directory as values, or everything that is wrong with it. All files are read,
// checked and told about at once; a configuration with any problem that is more than a warning is refused as a whole,
// so that a reload either happens or leaves what runs alone. Keys are described in ctdb-processd.toml(5).
#pragma once

#include "processd/config/problem.h"
#include "processd/config/read_directory.h"
#include "processd/model/service_spec.h"

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace processd::config {

class [[nodiscard]] Loaded : public tl::expected<model::Configuration, Problems> {
public:
    using tl::expected<model::Configuration, Problems>::expected;
    Problems warnings; // of a good one
};

// Reads the disk. problems, when there are any, is not empty and sorted.
Loaded load(const std::string& directory);
// The same from texts; no I/O. directory names the whole in messages.
Loaded interpret(const std::vector<SourceSet>& sets, Problems problems = {});

// What --check prints: one line per problem or warning and a last one that counts them, or "DIR: 3 services, all well".
// Each ends in a newline.
std::string check_report(std::string_view directory, const Loaded& loaded);
// All problems as one base::Error for who wants a single sentence: the first problem and the number of others.
base::Error as_error(const Problems& problems);

} // namespace processd::config
