// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/record.h"

#include "helpers/base/unique_fd.h"
#include "statd-callout/names.h"
#include "statd-callout/report.h"
#include "statd-callout/text.h"

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace callout {
namespace {

using Name = Text<max_record_name + 1>;

// Each address of one call goes through two steps, so that all the data is on its way to the disk before the first one
// is waited for.
constexpr std::size_t at_once = 32;

struct Pending {
    base::UniqueFd fd;
    Name name, temporary;
};

class Recorder {
public:
    Recorder(const Config& config, std::string_view client, Change change, std::int64_t seconds) noexcept
        : config_(config), client_(client), change_(change), seconds_(seconds)
    {
        const Text<PATH_MAX> path{config.directory};
        directory_.reset(path.fits() ? ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC) : -1);
        if (!directory_) failed("cannot open the directory ", config.directory, path.fits() ? errno : ENAMETOOLONG);
    }

    void add(std::string_view server) noexcept
    {
        if (!directory_) return;
        if (const char* why = why_hostile(server)) return failed("a public address ", why, 0);
        Name name{record_prefix, server, std::string_view("@"), client_};
        if (!name.fits()) return failed("a record's name is too long: client ", client_, 0);
        if (config_.mode == Mode::shared_dir) {
            if (change_ == Change::remove) return unlink(name);
            return touch(name);
        }
        write(name);
        if (count_ == at_once) finish();
    }

    // Makes visible what was written since the last call.
    void finish() noexcept
    {
        for (std::size_t i = 0; i < count_; ++i) publish(pending_[i]);
        count_ = 0;
    }

    bool close() noexcept
    {
        finish();
        if (config_.durability == Durability::dir && directory_) {
            const base::UniqueFd fd{::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
            if (!fd || ::fsync(fd.get()) != 0) failed("cannot sync the directory ", config_.directory, errno);
        }
        return good_;
    }

private:
    void failed(std::string_view what, std::string_view on_what, int error) noexcept
    {
        good_ = false;
        if (error == 0)
            complain(what, on_what);
        else
            complain(what, on_what, ": ", std::strerror(error));
    }
    void failed_at(std::string_view what, const Name& name, int error) noexcept
    {
        good_ = false;
        complain(what, config_.directory, "/", name.view(), Text<128>{": ", std::strerror(error)}.view());
    }

    void unlink(const Name& name) noexcept
    {
        if (::unlinkat(directory_.get(), name.c_str(), 0) != 0 && errno != ENOENT)
            failed_at("cannot remove ", name, errno);
    }

    // Cluster file systems answer a create before it is safe, and an fsync of the new file afterwards.
    void touch(const Name& name) noexcept
    {
        const base::UniqueFd fd{
            ::openat(directory_.get(), name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666)};
        if (!fd) return failed_at("cannot create ", name, errno);
        if (config_.durability != Durability::none && ::fsync(fd.get()) != 0) failed_at("cannot sync ", name, errno);
    }

    void write(const Name& name) noexcept
    {
        auto& next = pending_[count_];
        next.name = name;
        next.temporary = Name{};
        next.temporary.append(".new.")
            .append_number(::getpid())
            .append(".")
            .append_number(static_cast<long long>(count_));
        // A killed callout's file may be there, and its pid come round again.
        next.fd.reset(::openat(directory_.get(), next.temporary.c_str(),
                               O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666));
        if (!next.fd) return failed_at("cannot create a file for ", name, errno);
        Text<2 * max_record_name> line{std::string_view("\""), name.view(), std::string_view("\" \"")};
        if (change_ == Change::add) line.append_number(seconds_);
        line.append("\"\n");
        const auto written = ::write(next.fd.get(), line.view().data(), line.view().size());
        if (written != static_cast<ssize_t>(line.view().size())) {
            failed_at("cannot write ", name, written < 0 ? errno : ENOSPC);
            ::unlinkat(directory_.get(), next.temporary.c_str(), 0);
            next.fd.reset();
            return;
        }
        ++count_;
    }

    void publish(Pending& one) noexcept
    {
        bool good = true;
        if (config_.durability != Durability::none && ::fdatasync(one.fd.get()) != 0) {
            failed_at("cannot sync ", one.name, errno);
            good = false;
        }
        if (good && ::renameat(directory_.get(), one.temporary.c_str(), directory_.get(), one.name.c_str()) != 0) {
            failed_at("cannot rename to ", one.name, errno);
            good = false;
        }
        if (!good) ::unlinkat(directory_.get(), one.temporary.c_str(), 0);
        one.fd.reset();
    }

    const Config& config_;
    std::string_view client_;
    Change change_;
    std::int64_t seconds_;
    base::UniqueFd directory_;
    std::array<Pending, at_once> pending_;
    std::size_t count_ = 0;
    bool good_ = true;
};

} // namespace

bool record(const Config& config, std::string_view addresses, std::string_view client, Change change,
            std::int64_t epoch_seconds) noexcept
{
    Recorder recorder{config, client, change, epoch_seconds};
    for (std::string_view line; take_line(addresses, line);) recorder.add(line);
    return recorder.close();
}

} // namespace callout
