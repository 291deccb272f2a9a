// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/assembly.h: from the texts of a directory to one document for each thing that is declared: drop-ins
// laid over their files, and instances made of templates.
#pragma once

#include "processd/config/document.h"
#include "processd/config/read_directory.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace processd::config {

inline constexpr std::string_view daemon_name = "processd";
inline constexpr std::size_t max_instances = 4096; // of all templates together

struct Assembled {
    std::string name;
    Origin origin;
    std::optional<Table> document; // nothing: one of its files cannot be read, or is no TOML
    bool sample = false;           // a template that has no instance is checked as if it had this one
};

struct Assembly {
    std::vector<Assembled> documents;
    std::map<std::string, std::string> templates; // "smbd@", and its file
    std::set<std::string> broken;                 // templates that do not say what their instances are
};
// What is wrong goes to problems, and the rest is in the result.
Assembly assemble(const std::vector<SourceSet>& sets, Problems& problems);

} // namespace processd::config
