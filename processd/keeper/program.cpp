// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/program.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace processd::keeper {
namespace {

constexpr auto own_file = "/proc/self/exe";

FileIdentity identity_in(const struct stat& found)
{
    return {found.st_dev, found.st_ino, found.st_size,
            std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec};
}

} // namespace

std::optional<FileIdentity> identity_of(const std::string& path)
{
    struct stat found {};
    if (::stat(path.c_str(), &found) < 0) return std::nullopt;
    return identity_in(found);
}

std::optional<FileIdentity> identity_of(int fd)
{
    struct stat found {};
    if (::fstat(fd, &found) < 0) return std::nullopt;
    return identity_in(found);
}

Program Program::open(std::string path)
{
    Program program;
    program.fd.reset(::open(path.c_str(), O_PATH | O_CLOEXEC));
    program.path = std::move(path);
    return program;
}

void Program::execute(char* const* arguments) const
{
    const auto file = identity_of(fd.get());
    if (file && identity_of(path) != file)
        execute_open_file(fd.get(), arguments);
    else
        ::execv(path.c_str(), arguments);
}

void execute_open_file(int fd, char* const* arguments)
{
    ::syscall(SYS_execveat, fd, "", arguments, ::environ, AT_EMPTY_PATH);
    ::execv(("/proc/self/fd/" + std::to_string(fd)).c_str(), arguments);
}

std::string own_path()
{
    // What execve(2) was given. Not the command line's first word, which may be anything.
    const auto* const given = reinterpret_cast<const char*>(::getauxval(AT_EXECFN)); // NOLINT
    std::string path = given != nullptr ? given : "";
    if (!path.empty() && path.front() != '/') {
        std::array<char, 4096> here{};
        path = (::getcwd(here.data(), here.size()) != nullptr ? std::string(here.data()) : "") + "/" + path;
    }
    if (const auto file = identity_of(path); file && file == identity_of(std::string(own_file))) return path;
    std::array<char, 4096> self{};
    const auto n = ::readlink(own_file, self.data(), self.size());
    return n > 0 ? std::string(self.data(), static_cast<std::size_t>(n)) : path;
}

} // namespace processd::keeper
