// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/config.h"

namespace callout {
namespace {

std::string_view trimmed(std::string_view text) noexcept
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
    return text;
}

// CTDB's reader takes a line of one byte and its end for a mistake, too.
bool take_value(std::string_view& text, std::string_view& value) noexcept
{
    return take_line(text, value) && value.size() >= 2 && value.find('\0') == std::string_view::npos;
}

// Lines of a later version are nothing to stumble over; a wrong value of a known one is.
const char* read_extra(std::string_view line, Config& config) noexcept
{
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return nullptr;
    const auto name = trimmed(line.substr(0, equals)), value = trimmed(line.substr(equals + 1));
    if (name == "durability") {
        if (value == "none")
            config.durability = Durability::none;
        else if (value == "data")
            config.durability = Durability::data;
        else if (value == "dir")
            config.durability = Durability::dir;
        else
            return "durability is neither none, data nor dir";
    } else if (name == "mountd") {
        if (value != "yes" && value != "no") return "mountd is neither yes nor no";
        config.mountd = value == "yes";
    } else if (name == "addresses") {
        config.last_addresses = value;
    }
    return nullptr;
}

} // namespace

bool take_line(std::string_view& text, std::string_view& line) noexcept
{
    if (text.empty()) return false;
    const auto end = text.find('\n');
    line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return true;
}

Parsed parse_config(std::string_view text) noexcept
{
    Parsed parsed;
    auto& config = parsed.config;
    const auto wrong = [&parsed](const char* why) {
        parsed.problem = why;
        return parsed;
    };
    std::string_view line;
    if (!take_value(text, line)) return wrong("its first line is not a mode");
    if (line == "persistent_db")
        config.mode = Mode::persistent_db;
    else if (line == "shared_dir")
        config.mode = Mode::shared_dir;
    else if (line == "none")
        config.mode = Mode::none;
    else
        return wrong("its mode is neither persistent_db, shared_dir nor none");
    if (config.mode != Mode::none) {
        if (!take_value(text, config.directory)) return wrong("its second line is not a directory");
        if (!take_value(text, config.addresses)) return wrong("its third line is not the file of public addresses");
    }
    while (take_line(text, line))
        if (const char* why = read_extra(line, config)) return wrong(why);
    return parsed;
}

} // namespace callout
