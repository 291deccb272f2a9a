// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/session.h"

#include "helpers/client/problem.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/line_view.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace processd::ctl {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr base::Duration patience = 30s; // a restart of the manager takes milliseconds, one in back-off longer
constexpr int strangers_tries = 5;
constexpr base::Duration first_pause = 20ms, longest_pause = 1s;

std::size_t terminal_width()
{
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return 80;
}

// Trying again cannot help with these.
bool is_final(const base::Error& error)
{
    return error.code == std::errc::permission_denied || error.code == base::Errc::bad_input ||
           error.code == base::Errc::corrupt || error.code == base::Errc::limit;
}

} // namespace

bool write_all(int fd, std::string_view text) noexcept
{
    while (!text.empty()) {
        const auto n = ::write(fd, text.data(), text.size());
        if (n >= 0) {
            text.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno == EAGAIN) { // somebody made our terminal or pipe non-blocking
            pollfd writable{fd, POLLOUT, 0};
            ::poll(&writable, 1, -1);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

Session::Session(Options asked)
    : options(std::move(asked)), connection_(client::Settings{.socket_path = options.socket})
{
    if (::isatty(STDOUT_FILENO) != 1) return;
    const char* no_colour = std::getenv("NO_COLOR");
    const char* terminal = std::getenv("TERM");
    colour_ = (no_colour == nullptr || *no_colour == '\0') && terminal != nullptr && std::strcmp(terminal, "dumb") != 0;
    width_ = terminal_width();
}

void Session::wake_on(int fd)
{
    auto settings = connection_.settings();
    settings.wake_fd = fd;
    connection_ = client::Connection(std::move(settings));
}

base::UniqueFd Session::wake_at_timeout()
{
    if (!options.timeout) return {};
    base::UniqueFd timer{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)};
    const auto ms = std::max<std::int64_t>(options.timeout->count(), 1);
    const itimerspec when{{}, {ms / 1000, ms % 1000 * 1'000'000}};
    ::timerfd_settime(timer.get(), 0, &when, nullptr);
    wake_on(timer.get());
    return timer;
}

Style Session::style() const { return {colour_, width_, base::wall_now()}; }

void Session::complain(std::string_view sentence) const
{
    write_all(STDERR_FILENO, "processctl: " + clean(sentence) + '\n');
}

bool Session::print(std::string_view text) const
{
    if (write_all(STDOUT_FILENO, text)) return true;
    complain(std::string("cannot write to standard output: ") + std::strerror(errno));
    return false;
}

int Session::tell(const base::Error& error) const
{
    const bool stranger = !answered_ && hung_up_ >= strangers_tries;
    const bool absent = !contacted_ && error.code == std::errc::no_such_file_or_directory;
    complain(error.message() + (stranger ? "; it may give no access to uid " + std::to_string(::geteuid()) +
                                               ", see [access] in processd.toml"
                                : absent ? "; --socket names another socket"
                                         : ""));
    return exit_ours;
}

int Session::tell(const client::Reply& problem) const
{
    complain(client::problem_of(problem).message());
    if (const auto body = client::parse(problem.body)) {
        for (const auto& error : part(*body, "errors"))
            write_all(STDERR_FILENO, "  " + clean(config_error(error)) + '\n');
    }
    if (options.json) (void)print(problem.body);
    return exit_failed;
}

OrExit<client::Reply> Session::judge(base::Result<client::Reply> reply)
{
    contacted_ = contacted_ || reply;
    answered_ = answered_ || reply;
    if (!reply) return tl::unexpected(tell(reply.error()));
    if (!reply->ok()) return tl::unexpected(tell(*reply));
    return *std::move(reply);
}

OrExit<client::Reply> Session::ask(const client::Request& request) { return judge(connection_.ask(request)); }

OrExit<client::Reply> Session::ask_once(const client::Request& request, const client::Request& what_came_of_it)
{
    auto reply = connection_.ask(request);
    if (!reply && reply.error().code == base::Errc::unavailable && worth_a_try(reply))
        return ask_patiently(what_came_of_it);
    return judge(std::move(reply));
}

OrExit<json> Session::value(const client::Reply& reply) const
{
    auto value = client::value_of(reply);
    if (!value) return tl::unexpected(tell(value.error()));
    return *std::move(value);
}

bool Session::pause(base::Duration duration) const
{
    pollfd wake{connection_.settings().wake_fd, POLLIN, 0};
    return ::poll(&wake, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(duration).count())) > 0;
}

// After this failure, to ask again. A daemon that restarts its manager keeps its socket: connections are accepted late,
// break off, or meet a manager that has not finished its start.
bool Session::worth_a_try(const base::Result<client::Reply>& reply)
{
    if (reply) {
        contacted_ = answered_ = true;
        return reply->status == 503 && lost_;
    }
    // That is also how the daemon receives somebody whom it does not know.
    if (!answered_ && reply.error().code == base::Errc::unavailable && ++hung_up_ >= strangers_tries) return false;
    if (is_final(reply.error())) return false;
    contacted_ = contacted_ || reply.error().code == base::Errc::unavailable;
    lost_ = lost_ || contacted_;
    return contacted_;
}

OrExit<client::Reply> Session::ask_patiently(const client::Request& request)
{
    const auto give_up = base::now() + patience;
    for (base::Duration wait = first_pause;; wait = std::min(wait * 2, longest_pause)) {
        auto reply = connection_.ask(request);
        if (!worth_a_try(reply) || base::now() + wait >= give_up) {
            if (!reply) return tl::unexpected(tell(reply.error()));
            if (!reply->ok()) return tl::unexpected(tell(*reply));
            return *std::move(reply);
        }
        (void)pause(wait);
    }
}

int Session::follow(const Following& following)
{
    std::string token;
    bool told = false;
    auto lost_at = base::now();
    base::Duration wait = first_pause;
    // One connection's worth of lines: an exit code, or the reason why there are no more.
    const auto read_lines = [&]() -> tl::expected<int, base::Error> {
        for (;;) {
            auto event = connection_.next();
            if (!event) return tl::unexpected(event.error());
            if (std::holds_alternative<client::End>(*event))
                return base::fail(base::Errc::unavailable, "the daemon ended the stream");
            if (std::holds_alternative<client::Woken>(*event)) {
                if (const auto code = following.on_wake()) return *code;
                continue;
            }
            const auto& raw = std::get<client::Line>(*event).text;
            const auto line = client::parse(raw);
            if (!line) return tl::unexpected(line.error());
            if (auto seq = text(*line, "seq"); !seq.empty()) token = std::move(seq);
            wait = first_pause;
            if (const auto code = following.on_line(*line, raw)) return *code;
        }
    };
    for (;;) {
        const auto reply = connection_.open_stream(following.request(token));
        bool again = worth_a_try(reply);
        auto error = reply ? base::Error{} : reply.error();
        if (reply && !reply->ok()) {
            if (!again) return tell(*reply);
            error = client::problem_of(*reply);
        } else if (reply) {
            told = false;
            const auto opened_at = base::now();
            const auto lines = read_lines();
            if (lines) return *lines;
            error = lines.error();
            again = !is_final(error);
            lost_ = true;
            // A stream that ends as soon as it begins, over and over, is no progress.
            if (wait == first_pause || base::now() - opened_at > longest_pause) lost_at = base::now();
        }
        if (error.code == std::errc::interrupted) {
            if (const auto code = following.on_wake()) return *code;
            continue;
        }
        if (const auto code = following.on_lost(error)) return *code;
        const auto lost_for = base::now() - lost_at;
        if (!again || lost_for >= patience) return tell(error);
        if (lost_for > 2s && !std::exchange(told, true)) complain("the connection is lost, trying again");
        if (pause(wait))
            if (const auto code = following.on_wake()) return *code;
        wait = std::min(wait * 2, longest_pause);
    }
}

} // namespace processd::ctl
