// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/report/archive.h: a .tar.gz, written file by file to a descriptor. POSIX ustar; every file has mode 0600 and
// belongs to root.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"

#include <memory>
#include <string>
#include <string_view>

namespace report {

// 512 bytes. Nothing if the name does not fit, which up to 100 bytes it always does.
std::string tar_header(const std::string& name, std::size_t size, base::WallTime time);

class Archive {
public:
    Archive(int fd, base::WallTime time); // fd: the caller's
    Archive(const Archive&) = delete;
    Archive& operator=(const Archive&) = delete;
    ~Archive();

    base::Result<void> add(const std::string& name, std::string_view bytes);
    base::Result<void> finish();

private:
    base::Result<void> compress(std::string_view bytes, bool last);

    struct Stream;
    std::unique_ptr<Stream> stream_;
    int fd_;
    base::WallTime time_;
};

} // namespace report
