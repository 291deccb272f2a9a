// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/log.h"
#include "processd/output/sink.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>

namespace processd::output {
namespace {

class FileSink final : public Sink {
public:
    FileSink(std::string path, std::uint64_t max_bytes, int keep, base::Duration max_age)
        : path_(std::move(path)), max_bytes_(std::max<std::uint64_t>(max_bytes, 1)), keep_(keep), max_age_(max_age)
    {
    }

    base::Result<std::size_t> write(std::string_view lines, int /*stop*/) override
    {
        if (!fd_)
            if (auto opened = open(); !opened) return tl::unexpected(opened.error());
        auto part = fitting(lines);
        if (part.empty() || aged()) {
            if (auto rotated = rotate(); !rotated) return tl::unexpected(rotated.error());
            part = fitting(lines);
        }
        ssize_t n = 0;
        do n = ::write(fd_.get(), part.data(), part.size());
        while (n < 0 && errno == EINTR);
        if (n <= 0) {
            const int reason = n < 0 ? errno : EIO;
            fd_.reset(); // opened again by the next try: the file may be gone, or have been emptied to make room
            return base::fail(reason, "write to " + path_);
        }
        size_ += static_cast<std::uint64_t>(n);
        return static_cast<std::size_t>(n);
    }

    void reopen() override { fd_.reset(); }
    [[nodiscard]] std::string name() const override { return path_; }

private:
    base::Result<void> open()
    {
        // O_NONBLOCK: should the path be a FIFO, opening it must not wait for a reader.
        base::UniqueFd fd{
            ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640)};
        if (!fd && errno == ENOENT)
            return base::fail(ENOENT, "open the log file " + path_ + ", whose directory is not there");
        if (!fd) return base::fail(errno, "open the log file " + path_);
        struct stat st {};
        if (::fstat(fd.get(), &st) < 0) return base::fail(errno, "look at the log file " + path_);
        if (!S_ISREG(st.st_mode)) return base::fail(EINVAL, "the log file " + path_ + " is not a regular file");
        fd_ = std::move(fd);
        size_ = static_cast<std::uint64_t>(st.st_size);
        made_ = max_age_.count() > 0 ? time_made() : base::WallTime{};
        return {};
    }

    // Where the file system does not keep it, the file is as old as our use of it.
    [[nodiscard]] base::WallTime time_made() const
    {
        struct statx stx {};
        if (::statx(fd_.get(), "", AT_EMPTY_PATH, STATX_BTIME, &stx) < 0 || (stx.stx_mask & STATX_BTIME) == 0)
            return base::wall_now();
        return base::wall_from_ns(stx.stx_btime.tv_sec * 1'000'000'000 + stx.stx_btime.tv_nsec);
    }

    // Only looked at when there is something to write, so nothing ticks for it. An empty file has no age.
    [[nodiscard]] bool aged() const
    {
        return max_age_.count() > 0 && size_ > 0 && base::wall_now() - made_ >= max_age_;
    }

    // The lines that fit below max_bytes: none asks for rotation; a line longer than that gets a file of its own.
    [[nodiscard]] std::string_view fitting(std::string_view lines) const
    {
        const auto room = max_bytes_ > size_ ? max_bytes_ - size_ : 0;
        if (lines.size() <= room) return lines;
        const auto end = room == 0 ? std::string_view::npos : lines.rfind('\n', static_cast<std::size_t>(room) - 1);
        if (end != std::string_view::npos) return lines.substr(0, end + 1);
        return size_ == 0 ? lines.substr(0, lines.find('\n') + 1) : std::string_view{};
    }

    base::Result<void> rotate()
    {
        const auto numbered = [this](int n) { return path_ + "." + std::to_string(n); };
        bool moved = true;
        for (int n = keep_ - 1; n >= 1; --n)
            moved = (::rename(numbered(n).c_str(), numbered(n + 1).c_str()) == 0 || errno == ENOENT) && moved;
        if (moved)
            moved = (keep_ > 0 ? ::rename(path_.c_str(), numbered(1).c_str()) : ::unlink(path_.c_str())) == 0 ||
                    errno == ENOENT;
        const int reason = errno;
        if (moved) {
            rotation_fails_ = false;
            fd_.reset();
            return open();
        }
        // Rather a file that is too long than lines lost; the next try is a whole file later.
        if (!rotation_fails_)
            base::log::warning("log file cannot be rotated and grows on",
                               {{"file", path_}, {"reason", std::generic_category().message(reason)}});
        rotation_fails_ = true;
        size_ = 0;
        made_ = base::wall_now();
        return {};
    }

    std::string path_;
    std::uint64_t max_bytes_;
    int keep_;
    base::Duration max_age_;
    base::UniqueFd fd_;
    base::WallTime made_{};
    std::uint64_t size_ = 0;
    bool rotation_fails_ = false;
};

} // namespace

std::unique_ptr<Sink> make_file_sink(std::string path, std::uint64_t max_bytes, int keep, base::Duration max_age)
{
    return std::make_unique<FileSink>(std::move(path), max_bytes, keep, max_age);
}

} // namespace processd::output
