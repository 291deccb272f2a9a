// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/source_changes.h: which files of a configuration directory are not as they were.
#pragma once

#include "processd/config/read_directory.h"

#include <string>
#include <string_view>
#include <vector>

namespace processd::config {

struct FileChange {
    enum class Kind { added, changed, removed };
    std::string path; // as in SourceFile
    Kind kind = Kind::changed;
    friend bool operator==(const FileChange&, const FileChange&) = default;
};

std::string_view name_of(FileChange::Kind kind); // "added" "changed" "removed"

// By path. A file that was there and cannot be read now counts as removed.
std::vector<FileChange> compare(const std::vector<SourceSet>& before, const std::vector<SourceSet>& after);

} // namespace processd::config
