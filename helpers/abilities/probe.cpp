// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/abilities/probe.h"

#include "helpers/base/unique_fd.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace abilities {

Finding of_error(int error) { return {error == 0, error, {}}; }
Finding of_call(long result) { return of_error(result < 0 ? errno : 0); }

Finding in_child(int (*attempt)())
{
    const pid_t child = ::fork();
    if (child < 0) return {std::nullopt, errno, "no process to try it in"};
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::_exit(attempt());
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (WIFSIGNALED(status)) return {false, 0, "who tries it is killed by signal " + std::to_string(WTERMSIG(status))};
    return of_error(WEXITSTATUS(status));
}

std::string file_text(const char* path)
{
    const base::UniqueFd fd{::open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t n = 0; fd && (n = ::read(fd.get(), buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(n));
    return text;
}

std::string status_field(std::string_view key)
{
    const auto text = "\n" + file_text("/proc/self/status");
    const auto at = text.find("\n" + std::string(key) + ":");
    if (at == std::string::npos) return {};
    const auto begin = text.find_first_not_of(" \t", at + key.size() + 2);
    return begin == std::string::npos ? std::string() : text.substr(begin, text.find('\n', begin) - begin);
}

bool has_capability(unsigned number)
{
    const auto effective = std::strtoull(status_field("CapEff").c_str(), nullptr, 16);
    return (effective >> number & 1U) != 0;
}

Finding of_capability(unsigned number) { return of_error(has_capability(number) ? 0 : EPERM); }

} // namespace abilities
