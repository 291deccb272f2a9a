// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/report_file.h"

#include <array>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>

namespace processd::ctl {
namespace {

constexpr std::array endings{SIGINT, SIGTERM, SIGHUP};

std::array<char, 4096> unfinished{}; // its path, for the handler

void remove_and_end(int number)
{
    if (unfinished[0] != '\0') ::unlink(unfinished.data());
    ::signal(number, SIG_DFL);
    ::raise(number); // delivered when this returns
}

void watch_over(const std::string& path)
{
    std::strncpy(unfinished.data(), path.c_str(), unfinished.size() - 1);
    for (const int number : endings) {
        struct sigaction before {};
        ::sigaction(number, nullptr, &before);
        if (before.sa_handler != SIG_IGN) ::signal(number, remove_and_end); // nohup(1)
    }
}

void watch_no_more()
{
    for (const int number : endings) {
        struct sigaction before {};
        ::sigaction(number, nullptr, &before);
        if (before.sa_handler == remove_and_end) ::signal(number, SIG_DFL);
    }
    unfinished[0] = '\0';
}

} // namespace

base::Result<ReportFile> ReportFile::make(std::string path)
{
    if (path.size() >= unfinished.size()) return base::fail(ENAMETOOLONG, path);
    base::UniqueFd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!fd) return base::fail(errno, "cannot make " + path);
    watch_over(path);
    return ReportFile{std::move(path), std::move(fd)};
}

base::Result<void> ReportFile::keep()
{
    if (::fsync(fd_.get()) != 0 && errno != EINVAL) return base::fail(errno, "cannot write " + path_);
    watch_no_more();
    fd_.reset();
    return {};
}

ReportFile::~ReportFile()
{
    if (!fd_) return;
    ::unlink(path_.c_str());
    watch_no_more();
}

} // namespace processd::ctl
