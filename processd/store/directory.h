// SPDX-License-Identifier: GPL-3.0-or-later
// processd/store/directory.h: the state directory and the lock that makes its holder the only writer.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"

#include <string>

namespace processd::store {

class Directory {
public:
    // The lock is a POSIX record lock on PATH/store.lock: it goes with the process, however that ends, and tells a
    // second one the pid of the first. (The keeper's instance lock is a different file; this one guards against tools
    // and tests.)
    static base::Result<Directory> open(const std::string& path);

    [[nodiscard]] std::string file(const char* name) const { return path_ + "/" + name; }

private:
    Directory(std::string path, base::UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

    std::string path_;
    base::UniqueFd lock_;
};

} // namespace processd::store
