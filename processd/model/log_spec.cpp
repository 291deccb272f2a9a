// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/log_spec.h"

#include <array>

namespace processd::model {
namespace {

constexpr std::array<std::string_view, 24> facilities{
    "kern", "user", "mail", "daemon", "auth",   "syslog", "lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
    "",     "",     "",     "",       "local0", "local1", "local2", "local3", "local4", "local5", "local6",   "local7"};

} // namespace

std::string_view name_of(SinkKind kind)
{
    switch (kind) {
    case SinkKind::standard_error: return "stderr";
    case SinkKind::file: return "file";
    case SinkKind::syslog: return "syslog";
    case SinkKind::journald: return "journald";
    }
    return "stderr";
}

std::string_view name_of(LineFormat format)
{
    switch (format) {
    case LineFormat::text: return "text";
    case LineFormat::json: return "json";
    case LineFormat::ctdb: return "ctdb";
    case LineFormat::bare: return "bare";
    case LineFormat::local: return "local";
    case LineFormat::rfc5424: return "rfc5424";
    case LineFormat::journald: return "journald";
    }
    return "text";
}

std::optional<int> facility_number(std::string_view name)
{
    for (std::size_t i = 0; i < facilities.size(); ++i)
        if (facilities[i] == name && !name.empty()) return static_cast<int>(i);
    return std::nullopt;
}

std::string_view facility_name(int number) { return facilities.at(static_cast<std::size_t>(number)); }

std::vector<std::string_view> facility_names()
{
    std::vector<std::string_view> names;
    for (const auto name : facilities)
        if (!name.empty()) names.push_back(name);
    return names;
}

} // namespace processd::model
