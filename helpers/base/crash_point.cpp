// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/crash_point.h"

#ifdef CRASH_POINTS
#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace base {

void crash_point(std::string_view name, std::string_view detail) noexcept
{
    const char* path = std::getenv("CTDB_PROCESSD_CRASH_FILE");
    if (path == nullptr) return;
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    std::array<char, 128> wanted{};
    const auto n = ::read(fd, wanted.data(), wanted.size());
    ::close(fd);
    std::string_view rest{wanted.data(), n > 0 ? static_cast<std::size_t>(n) : 0U};
    if (!rest.starts_with(name)) return;
    rest.remove_prefix(name.size());
    if (!detail.empty() && !rest.starts_with(':')) return;
    if (!detail.empty()) rest.remove_prefix(1);
    if (rest != detail) return;
    if (::unlink(path) == 0) ::kill(::getpid(), SIGKILL);
}

} // namespace base
#else
namespace base {
void crash_point(std::string_view /*name*/, std::string_view /*detail*/) noexcept {}
} // namespace base
#endif
