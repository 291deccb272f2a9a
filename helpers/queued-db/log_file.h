// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/queued-db/log_file.h: the log on disk, as long as its lock is held. What append() and replace() have done
// survives a power cut once they return; before, a crash leaves the log as it was or as it is to be.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"
#include "helpers/queued-db/log_format.h"

#include <string>
#include <vector>

namespace queued_db {

base::Result<std::string> read_whole_file(const std::string& path); // "" if there is none

class LogFile {
public:
    // Reads and mends the log: cuts off what a crash left at its end. Damage is not cut off: what can still be read of
    // the log is written anew, and the damaged file kept as PATH.damaged.
    static base::Result<LogFile> open(std::string path);

    [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::uint64_t next_sequence() const noexcept
    {
        return entries_.empty() ? 1 : entries_.back().sequence + 1;
    }

    base::Result<void> append(const std::vector<Entry>& entries);
    base::Result<void> replace(std::vector<Entry> entries);

private:
    explicit LogFile(std::string path) : path_(std::move(path)) {}

    std::string path_;
    base::UniqueFd fd_;
    std::vector<Entry> entries_;
    std::size_t size_ = 0;
};

} // namespace queued_db
