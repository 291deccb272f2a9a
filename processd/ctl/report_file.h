// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/report_file.h: the file of a report: made at once, so that what is against it is told before the work is
// done, never over another one, and removed unless it was kept, also when SIGINT, SIGTERM or SIGHUP ends the program.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"

#include <string>

namespace processd::ctl {

class ReportFile {
public:
    static base::Result<ReportFile> make(std::string path);
    ReportFile(ReportFile&&) = default;
    ReportFile& operator=(ReportFile&&) = delete;
    ~ReportFile();

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] const std::string& path() const { return path_; }
    base::Result<void> keep(); // when all is written

private:
    ReportFile(std::string path, base::UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

    std::string path_;
    base::UniqueFd fd_;
};

} // namespace processd::ctl
