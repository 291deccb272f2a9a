// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/report.h"

#include "helpers/base/unique_fd.h"
#include "statd-callout/text.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

namespace callout {
namespace {

constexpr std::size_t max_sentence = 8192; // two paths of PATH_MAX, cut beyond
std::string_view program_name = "statd_callout";

using Sentence = Text<max_sentence>;

void append_plain(Sentence& sentence, std::string_view part) noexcept
{
    for (const char& c : part) sentence.append(c < ' ' || c == 0x7f ? std::string_view("?") : std::string_view(&c, 1));
}

void send_to_syslog(std::string_view text) noexcept
{
    const base::UniqueFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd) return;
    sockaddr_un address{AF_UNIX, "/dev/log"};
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
    Sentence message;
    message.append("<").append_number(LOG_DAEMON | LOG_ERR).append(">statd_callout[").append_number(::getpid());
    message.append("]: ").append(text);
    [[maybe_unused]] const auto sent = ::send(fd.get(), message.view().data(), message.view().size(), MSG_NOSIGNAL);
}

} // namespace

void set_program(std::string_view program) noexcept { program_name = program; }

void complain(std::string_view a, std::string_view b, std::string_view c, std::string_view d,
              std::string_view e) noexcept
{
    Sentence text;
    for (const auto part : {a, b, c, d, e}) append_plain(text, part);
    send_to_syslog(text.view());
    Text<max_sentence + 512> line;
    line.append(program_name).append(": ").append(text.view()).append("\n");
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.view().data(), line.view().size());
}

} // namespace callout
