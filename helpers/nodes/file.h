// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/nodes/file.h: the file with the last good list. It is replaced as a whole or not at all; who reads it never
// waits and sees one list or the other.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"
#include "helpers/nodes/list.h"

#include <optional>
#include <string>

namespace nodes {

// Its text; Errc::not_found if there is no such file. Never waits for anything but the disk.
base::Result<std::string> read_file(const std::string& path);
// The list in it; nothing if there is no file.
base::Result<std::optional<List>> read_list(const std::string& path);

// Makes the file's directory if need be. Keeps other writers out until it is destroyed. A symbolic link is followed, so
// the file that it points to is replaced.
class Writer {
public:
    static base::Result<Writer> open(const std::string& path); // Errc::conflict while there is another one
    base::Result<void> replace(std::string_view text);         // on the disk when this returns
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    Writer(std::string path, base::UniqueFd directory) : path_(std::move(path)), directory_(std::move(directory)) {}
    std::string path_;
    base::UniqueFd directory_; // locked
};

} // namespace nodes
