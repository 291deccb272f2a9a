// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/log.h"

#include <array>
#include <cstdio>
#include <unistd.h>

namespace base::log {
namespace {

constexpr std::array<std::string_view, 4> names{"error", "warning", "info", "debug"};
Level threshold = Level::info;
std::string prefix_text;

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

std::string format(Level level, std::string_view message, Fields fields)
{
    std::string line;
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
    const auto line = format(level, message, fields) + "\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace base::log
