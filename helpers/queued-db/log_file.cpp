// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/queued-db/log_file.h"

#include "helpers/base/crash_point.h"
#include "helpers/base/log.h"

#include <array>
#include <cstdio>
#include <fcntl.h>

namespace queued_db {
namespace {

using base::UniqueFd;

base::Result<void> write_all(int fd, std::string_view bytes, std::size_t at, const std::string& path)
{
    while (!bytes.empty()) {
        const auto n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return base::fail(errno, "write " + path);
        bytes.remove_prefix(static_cast<std::size_t>(n));
        at += static_cast<std::size_t>(n);
    }
    return {};
}

base::Result<void> sync_directory_of(const std::string& path)
{
    const auto directory = path.substr(0, path.rfind('/'));
    const UniqueFd fd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd || ::fsync(fd.get()) != 0) return base::fail(errno, "sync " + directory);
    return {};
}

} // namespace

base::Result<std::string> read_whole_file(const std::string& path)
{
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd && errno == ENOENT) return std::string();
    if (!fd) return base::fail(errno, "open " + path);
    std::string bytes;
    std::array<char, 65536> buffer; // NOLINT: filled by read
    while (true) {
        const auto n = ::read(fd.get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return base::fail(errno, "read " + path);
        if (n == 0) return bytes;
        bytes.append(buffer.data(), static_cast<std::size_t>(n));
    }
}

base::Result<LogFile> LogFile::open(std::string path)
{
    LogFile file{std::move(path)};
    const auto bytes = read_whole_file(file.path_);
    if (!bytes) return base::wrap("the queue's log", bytes.error());
    auto log = parse_log(*bytes);
    // Shorter than the header it was never used: a crash at its making.
    const bool damaged = log.unreadable > 0 || (log.good == 0 && bytes->size() >= log_magic.size());
    if (damaged) {
        const auto kept = file.path_ + ".damaged";
        if (::unlink(kept.c_str()) != 0 && errno != ENOENT) return base::fail(errno, "remove " + kept);
        if (::link(file.path_.c_str(), kept.c_str()) != 0) return base::fail(errno, "keep the damaged log as " + kept);
        base::log::error(
            "the queue's log is damaged",
            {{"kept_as", kept}, {"unreadable_bytes", log.unreadable + log.tail}, {"entries_left", log.entries.size()}});
    }
    if (damaged || log.good == 0) {
        if (auto replaced = file.replace(std::move(log.entries)); !replaced) return tl::unexpected(replaced.error());
        return file;
    }
    file.fd_.reset(::open(file.path_.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.fd_) return base::fail(errno, "open " + file.path_);
    if (log.tail > 0 && ::ftruncate(file.fd_.get(), static_cast<off_t>(log.good)) != 0)
        return base::fail(errno, "cut off an incomplete entry of " + file.path_);
    file.entries_ = std::move(log.entries);
    file.size_ = log.good;
    return file;
}

base::Result<void> LogFile::append(const std::vector<Entry>& entries)
{
    std::string bytes;
    for (const auto& entry : entries) bytes += encode(entry);
    const auto half = bytes.size() / 2;
    auto written = write_all(fd_.get(), std::string_view(bytes).substr(0, half), size_, path_);
    base::crash_point("log", "half-written");
    if (written) written = write_all(fd_.get(), std::string_view(bytes).substr(half), size_ + half, path_);
    base::crash_point("log", "written");
    if (written && ::fdatasync(fd_.get()) != 0) written = base::fail(errno, "sync " + path_);
    if (!written) {
        [[maybe_unused]] const int cut = ::ftruncate(fd_.get(), static_cast<off_t>(size_)); // else the next open does
        return written;
    }
    size_ += bytes.size();
    entries_.insert(entries_.end(), entries.begin(), entries.end());
    return {};
}

base::Result<void> LogFile::replace(std::vector<Entry> entries)
{
    // Cutting the file short leaves it right at any moment.
    if (entries.empty() && fd_) {
        if (::ftruncate(fd_.get(), static_cast<off_t>(log_magic.size())) != 0 || ::fdatasync(fd_.get()) != 0)
            return base::fail(errno, "empty " + path_);
        entries_.clear();
        size_ = log_magic.size();
        return {};
    }
    std::string bytes{log_magic};
    for (const auto& entry : entries) bytes += encode(entry);
    const auto beside = path_ + ".new";
    UniqueFd fd{::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (!fd) return base::fail(errno, "make " + beside);
    if (auto written = write_all(fd.get(), bytes, 0, beside); !written) {
        ::unlink(beside.c_str());
        return written;
    }
    if (::fdatasync(fd.get()) != 0) return base::fail(errno, "sync " + beside);
    base::crash_point("log", "before-rename");
    if (std::rename(beside.c_str(), path_.c_str()) != 0) return base::fail(errno, "rename " + beside);
    base::crash_point("log", "after-rename");
    fd_ = std::move(fd);
    entries_ = std::move(entries);
    size_ = bytes.size();
    return sync_directory_of(path_);
}

} // namespace queued_db
