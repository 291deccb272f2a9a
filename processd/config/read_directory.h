// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/read_directory.h: the texts of a configuration directory: processd.toml, NAME.toml and the drop-ins
// NAME.d/*.toml. Only regular files are read, whole and bounded, so nothing here waits for a FIFO or a device. Hidden
// files and whatever does not end in .toml (editors' backups) are passed over, with a warning where it is likely to be
// meant to count, as web.conf.
#pragma once

#include "processd/config/problem.h"
#include "processd/model/service_spec.h"

#include <string>
#include <vector>

namespace processd::config {

inline constexpr std::size_t max_file_bytes = 1 << 20;
inline constexpr std::size_t max_files = 4096;

struct SourceFile {
    std::string path; // DIR/NAME.toml, for messages
    std::string text;
};

// A service (or "processd", the daemon) and its files in the order in which they are merged.
struct SourceSet {
    std::string name;
    std::vector<SourceFile> files;               // without those that could not be read
    bool has_main = false;                       // files begins with NAME.toml, not with a drop-in
    bool complete = true;                        // every file could be read
    std::optional<model::Transient> transient{}; // came over the API, as JSON or TOML; there is no file
};

// By name. What could not be read is in problems.
std::vector<SourceSet> read_directory(const std::string& directory, Problems& problems);

} // namespace processd::config
