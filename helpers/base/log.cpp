// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/log.h"

#include "helpers/base/wall_time.h"

#include <array>
#include <atomic>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace base::log {
namespace {

constexpr std::array<std::string_view, 4> names{"error", "warning", "info", "debug"};
Level threshold = Level::info;
std::string prefix_text;
bool timed = false;

bool plain(std::string_view value)
{
    if (value.empty()) return false;
    for (const char c : value)
        if (c <= ' ' || c == '"' || c == 0x7f) return false;
    return true;
}

void append_quoted(std::string& line, std::string_view value)
{
    line += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            line += '\\';
            line += c;
        } else if (c == '\n') {
            line += "\\n";
        } else if ((c >= 0 && c < ' ') || c == 0x7f) {
            std::array<char, 8> hex{};
            std::snprintf(hex.data(), hex.size(), "\\x%02x", unsigned(c));
            line += hex.data();
        } else {
            line += c;
        }
    }
    line += '"';
}

// Standard error may be a pipe that somebody has stopped reading, and is shared with processes that rely on its being
// as blocking as it is. So a pipe or terminal is opened anew for ourselves, without blocking; a socket is told with
// each line; a file neither needs nor, because of its offset, allows that.
class Output {
public:
    Output()
    {
        struct stat st {};
        if (::fstat(STDERR_FILENO, &st) < 0) return;
        socket_ = S_ISSOCK(st.st_mode);
        if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode)) return;
        fd_ = ::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        polled_ = fd_ < 0; // no /proc, or a pipe of another user: it may still block if others fill it in between
        piped_ = true;
    }

    bool write(std::string_view line) const
    {
        // Up to PIPE_BUF a pipe takes all or nothing.
        if (piped_ && line.size() > PIPE_BUF) return write(std::string(line.substr(0, PIPE_BUF - 1)) + "\n");
        if (socket_) return ::send(STDERR_FILENO, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
        pollfd ready{STDERR_FILENO, POLLOUT, 0};
        if (polled_ && ::poll(&ready, 1, 0) != 1) return false;
        return ::write(fd_ < 0 ? STDERR_FILENO : fd_, line.data(), line.size()) >= 0;
    }

private:
    int fd_ = -1; // until the end of the process
    bool socket_ = false, polled_ = false, piped_ = false;
};

std::atomic<unsigned> untold{0}; // lines that were dropped and no line tells of yet

} // namespace

void set_level(Level level) noexcept { threshold = level; }

bool set_level(std::string_view name) noexcept
{
    for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == name) {
            threshold = static_cast<Level>(i);
            return true;
        }
    return false;
}

void set_prefix(std::string_view prefix) { prefix_text = prefix; }

void set_time()
{
    // systemd tells device and inode of the socket that it gave.
    const char* const journal = std::getenv("JOURNAL_STREAM");
    struct stat st {};
    timed = journal == nullptr || ::fstat(STDERR_FILENO, &st) < 0 ||
            std::to_string(st.st_dev) + ':' + std::to_string(st.st_ino) != journal;
}

std::string format(Level level, std::string_view message, Fields fields)
{
    std::string line;
    if (timed) line.append(format_wall_time(wall_now())).append(" ");
    if (!prefix_text.empty()) line.append(prefix_text).append(": ");
    line.append(names[static_cast<std::size_t>(level)]).append(": ").append(message);
    for (const auto& field : fields) {
        line.append(" ").append(field.key).append("=");
        if (plain(field.value))
            line += field.value;
        else
            append_quoted(line, field.value);
    }
    return line;
}

void write(Level level, std::string_view message, Fields fields)
{
    if (level > threshold) return;
    static const Output output;
    if (untold > 0) {
        const auto lost = untold.exchange(0);
        if (!output.write(format(Level::warning, "log lines were dropped, nobody read them", {{"lines", lost}}) + "\n"))
            untold += lost;
    }
    if (!output.write(format(level, message, fields) + "\n")) ++untold;
}

} // namespace base::log
