// SPDX-License-Identifier: GPL-3.0-or-later
// bench-work busy MILLISECONDS: uses that much processor time, as a small script would, and ends.
// bench-work log BYTES-PER-SECOND: writes lines of 100 bytes to stdout at that rate, for ever.
// bench-work leaf SOCKET: a service. Sends {pid, CLOCK_MONOTONIC at main} to the datagram socket and does nothing more.
// run: the same with $BENCH_SOCKET; the program's name as a service of s6 and runit, which spares them a shell.
// Static, and plain system calls where time matters, so that it is the same small thing for everybody who starts it.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace {

std::int64_t clock_ns(clockid_t clock)
{
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

int be_busy(const char* milliseconds)
{
    const std::int64_t until = std::atoll(milliseconds) * 1'000'000;
    while (clock_ns(CLOCK_PROCESS_CPUTIME_ID) < until) {}
    return 0;
}

int write_log(const char* rate)
{
    static char line[100];
    std::memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\n';
    const std::int64_t bytes_per_ms = std::atoll(rate) / 1000;
    std::int64_t written = 0;
    for (const std::int64_t begin = clock_ns(CLOCK_MONOTONIC);;) {
        const std::int64_t due = (clock_ns(CLOCK_MONOTONIC) - begin) / 1'000'000 * bytes_per_ms;
        for (; written < due; written += static_cast<std::int64_t>(sizeof line))
            if (::write(1, line, sizeof line) < 0) return 1;
        const timespec pause{0, 1'000'000};
        ::nanosleep(&pause, nullptr);
    }
}

int be_leaf(const char* path, std::int64_t started)
{
    const std::int64_t message[2] = {::getpid(), started};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (::sendto(fd, message, sizeof message, 0, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
        return 1;
    for (;;) ::pause();
}

} // namespace

int main(int argc, char** argv)
{
    const std::int64_t started = clock_ns(CLOCK_MONOTONIC);
    const char* slash = std::strrchr(argv[0], '/');
    const char* socket = std::getenv("BENCH_SOCKET");
    if (socket != nullptr && std::strcmp(slash != nullptr ? slash + 1 : argv[0], "run") == 0)
        return be_leaf(socket, started);
    if (argc == 3 && std::strcmp(argv[1], "busy") == 0) return be_busy(argv[2]);
    if (argc == 3 && std::strcmp(argv[1], "log") == 0) return write_log(argv[2]);
    if (argc == 3 && std::strcmp(argv[1], "leaf") == 0) return be_leaf(argv[2], started);
    std::fputs("usage: bench-work busy MILLISECONDS | log BYTES-PER-SECOND | leaf SOCKET\n", stderr);
    return 2;
}
