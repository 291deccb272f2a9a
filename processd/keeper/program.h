// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/program.h: programs as files that may be replaced while they run. A path names what is installed
// there now, a descriptor what it was when it was opened, also when a package has put another file in its place.
#pragma once

#include "helpers/base/unique_fd.h"

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

namespace processd::keeper {

// Two that are equal are one file that was not written to in between.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t changed_ns = 0;
    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
std::optional<FileIdentity> identity_of(const std::string& path);
std::optional<FileIdentity> identity_of(int fd);

struct Program {
    std::string path;
    base::UniqueFd fd; // the file as it was; none where it could not be opened

    static Program open(std::string path);
    // By its path while that still leads to the same file, else by the descriptor. Returns only if that fails, with
    // errno.
    void execute(char* const* arguments) const;
};
// Where execveat(2) is refused by its name in /proc. Returns only if neither can be done, with the errno of the latter.
void execute_open_file(int fd, char* const* arguments);

// The path by which this program was started, absolute, and with symbolic links as they were given: what it leads to
// later is the program that was installed later. To be asked at the start, in the first working directory.
std::string own_path();

} // namespace processd::keeper
