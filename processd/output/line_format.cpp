// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/line_format.h"

#include "processd/output/line_time.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <unistd.h>

namespace processd::output {
namespace {

using model::LineFormat;

constexpr std::string_view ourselves = "ctdb-processd";
constexpr int warning = 4, notice_level = 5, info = 6; // of syslog
constexpr std::size_t longest_syslog_text = 8000;      // syslog daemons take messages of 8 KiB unless told otherwise

// What `form` makes of the local time: a call of strftime() with a constant format.
template <class Form> std::string local_text(std::int64_t second, const Form& form)
{
    const auto clock = static_cast<std::time_t>(second);
    std::tm parts{};
    ::localtime_r(&clock, &parts);
    std::array<char, 64> text{};
    return {text.data(), form(text.data(), text.size(), &parts)};
}

// "2026-11-24T22:41:25.103809+00:00", as CTDB has it.
void append_zoned(std::string& to, base::WallTime time)
{
    thread_local std::string zone;
    append_time(to, time, {}, [](std::int64_t second) {
        const auto text = local_text(second, [](char* buffer, std::size_t size, const std::tm* parts) {
            return std::strftime(buffer, size, "%z%FT%T.", parts);
        });
        zone = text.substr(0, 3) + ":" + text.substr(3, 2);
        return text.substr(5);
    });
    to += zone;
}

// "Nov 24 22:41:25", as syslog(3) has it.
void append_stamp(std::string& to, base::WallTime time)
{
    thread_local std::int64_t made_for = INT64_MIN;
    thread_local std::string made;
    const auto second = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
    if (second != made_for) {
        made = local_text(second, [](char* buffer, std::size_t size, const std::tm* parts) {
            return std::strftime(buffer, size, "%b %e %T", parts); // in English: nothing here sets a locale
        });
        made_for = second;
    }
    to += made;
}

std::string_view program_of(const LogLine& line)
{
    return line.service.empty() ? std::string_view{"run"} : std::string_view{line.service};
}

// Puts what `fill` appends behind its length.
template <class Fill> void message(std::string& to, const Fill& fill)
{
    const auto begin = to.size();
    to.append(4, '\0');
    fill();
    const auto size = static_cast<std::uint32_t>(to.size() - begin - 4);
    std::memcpy(to.data() + begin, &size, sizeof size);
}

// ---- text
// ------------------------------------------------------------------------------------------------------------

void append_text(std::string& to, const LogLine& line)
{
    append_utc(to, line.time);
    to += ' ';
    to.append(program_of(line)).append("[").append(line.run).append(line.late ? "] late " : "] ");
    to.append(name_of(line.stream)).append(line.partial ? "+: " : ": ").append(line.data).append("\n");
}

void append_ctdb(std::string& to, const std::string& host, base::WallTime time, std::string_view program,
                 std::int64_t pid, std::string_view text)
{
    append_zoned(to, time);
    to.append(" ").append(host).append(" ").append(program);
    to.append("[").append(std::to_string(pid)).append("]: ").append(text).append("\n");
}

// ---- syslog
// ----------------------------------------------------------------------------------------------------------

struct Said { // what both forms of syslog need to know
    base::WallTime time;
    int level;
    std::string_view program;
    std::int64_t pid; // 0: none
    std::string_view id;
};

void append_syslog_text(std::string& to, std::string_view text)
{
    const auto begin = to.size();
    to.append(text);
    // To most receivers it is the end.
    std::replace(to.begin() + static_cast<std::ptrdiff_t>(begin), to.end(), '\0', ' ');
}

void append_syslog_message(std::string& to, const LineForm& form, const Said& said, std::string_view text)
{
    const auto pid = said.pid > 0 ? std::to_string(said.pid) : std::string();
    to.append("<").append(std::to_string(form.facility * 8 + said.level)).append(">");
    if (form.format == LineFormat::local) {
        append_stamp(to, said.time);
        to.append(" ").append(said.program);
        if (!pid.empty()) to.append("[").append(pid).append("]");
        to.append(": ");
    } else {
        to.append("1 ");
        append_zoned(to, said.time);
        to.append(" ").append(form.host.empty() ? "-" : form.host).append(" ").append(said.program);
        to.append(" ").append(pid.empty() ? "-" : pid).append(" ").append(said.id).append(" - ");
    }
    append_syslog_text(to, text);
}

// A long line becomes several messages.
void append_syslog(std::string& to, const LineForm& form, const Said& said, std::string_view text)
{
    do {
        auto size = std::min(text.size(), longest_syslog_text);
        if (size < text.size()) // not inside a character
            for (int i = 0; i < 3 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U; ++i) --size;
        message(to, [&] { append_syslog_message(to, form, said, text.substr(0, size)); });
        text.remove_prefix(size);
    } while (!text.empty());
}

// ---- journald: docs of systemd, "Native Journal Protocol"
// ---------------------------------------------------------------

void append_field(std::string& to, std::string_view name, std::string_view value)
{
    to.append(name);
    if (value.find('\n') == std::string_view::npos) {
        to.append("=").append(value).append("\n");
        return;
    }
    to += '\n';
    for (std::uint64_t size = value.size(), i = 0; i < 8; ++i, size >>= 8U) to += static_cast<char>(size & 0xffU);
    to.append(value).append("\n");
}

void append_number(std::string& to, std::string_view name, std::int64_t value)
{
    append_field(to, name, std::to_string(value));
}

void append_fields(std::string& to, const LineForm& form, const LogLine& line)
{
    const auto said = severity_of(line.stream, line.data);
    append_field(to, "MESSAGE", said.text);
    append_number(to, "PRIORITY", said.level);
    append_field(to, "SYSLOG_IDENTIFIER", program_of(line));
    append_number(to, "SYSLOG_FACILITY", form.facility);
    if (line.pid > 0) append_number(to, "SYSLOG_PID", line.pid);
    if (!line.service.empty()) append_field(to, "PROCESSD_SERVICE", line.service);
    append_field(to, "PROCESSD_RUN", line.run);
    append_field(to, "PROCESSD_STREAM", name_of(line.stream));
    to += "PROCESSD_TIME=";
    append_utc(to, line.time);
    to += '\n';
    append_field(to, "PROCESSD_SEQ", format_token({form.epoch, line.seq}));
    if (line.partial) append_field(to, "PROCESSD_PARTIAL", "1");
    if (line.late) append_field(to, "PROCESSD_LATE", "1");
}

void append_notice_fields(std::string& to, const LineForm& form, const Notice& notice)
{
    append_field(to, "MESSAGE", sentence(notice));
    append_number(to, "PRIORITY", warning);
    append_field(to, "SYSLOG_IDENTIFIER", ourselves);
    append_number(to, "SYSLOG_FACILITY", form.facility);
    if (!notice.service.empty()) append_field(to, "PROCESSD_SERVICE", notice.service);
    if (!notice.run.empty()) append_field(to, "PROCESSD_RUN", notice.run);
    append_number(to, "PROCESSD_DROPPED", static_cast<std::int64_t>(notice.lines));
}

} // namespace

Severity severity_of(Stream stream, std::string_view text)
{
    if (text.size() >= 3 && text[0] == '<' && text[1] >= '0' && text[1] <= '7' && text[2] == '>')
        return {text[1] - '0', text.substr(3)};
    return {stream == Stream::err ? notice_level : info, text};
}

std::string source_name(const std::string& service, const std::string& run)
{
    return (service.empty() ? "run" : service) + "[" + run + "]";
}

std::string sentence(const Notice& notice)
{
    return "… " + std::to_string(notice.lines) + " lines" +
           (notice.run.empty() ? "" : " of " + source_name(notice.service, notice.run)) + " dropped, " + notice.reason;
}

void append_line(std::string& to, const LineForm& form, const LogLine& line)
{
    switch (form.format) {
    case LineFormat::text: return append_text(to, line);
    case LineFormat::json: return append_ndjson(to, line, form.epoch);
    case LineFormat::ctdb: return append_ctdb(to, form.host, line.time, program_of(line), line.pid, line.data);
    case LineFormat::bare: to.append(line.data).append("\n"); return;
    case LineFormat::local:
    case LineFormat::rfc5424: {
        const auto said = severity_of(line.stream, line.data);
        return append_syslog(to, form, {line.time, said.level, program_of(line), line.pid, name_of(line.stream)},
                             said.text);
    }
    case LineFormat::journald: return message(to, [&] { append_fields(to, form, line); });
    }
}

void append_notice(std::string& to, const LineForm& form, const Notice& notice)
{
    switch (form.format) {
    case LineFormat::text:
        append_utc(to, notice.time);
        to.append(" ").append(ourselves).append(": ").append(sentence(notice)).append("\n");
        return;
    case LineFormat::json:
        return append_dropped_ndjson(to, notice.time, notice.service, notice.run, notice.lines, notice.reason);
    case LineFormat::ctdb: return append_ctdb(to, form.host, notice.time, ourselves, ::getpid(), sentence(notice));
    case LineFormat::bare: to.append(ourselves).append(": ").append(sentence(notice)).append("\n"); return;
    case LineFormat::local:
    case LineFormat::rfc5424:
        return append_syslog(to, form, {notice.time, warning, ourselves, ::getpid(), "dropped"}, sentence(notice));
    case LineFormat::journald: return message(to, [&] { append_notice_fields(to, form, notice); });
    }
}

Message next_message(std::string_view messages)
{
    std::uint32_t size = 0;
    std::memcpy(&size, messages.data(), sizeof size);
    return {messages.substr(4, size), 4 + std::size_t{size}};
}

} // namespace processd::output
