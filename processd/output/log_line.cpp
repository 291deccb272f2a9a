// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/log_line.h"

#include "processd/model/json.h"
#include "processd/output/line_time.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace processd::output {
namespace {

void append_json_string(std::string& to, std::string_view text)
{
    static constexpr std::string_view hex = "0123456789abcdef";
    to += '"';
    while (!text.empty()) {
        const auto special = std::find_if(text.begin(), text.end(), [](char c) {
            return static_cast<unsigned char>(c) < ' ' || c == '"' || c == '\\' || c == 0x7f;
        });
        const auto plain = static_cast<std::size_t>(special - text.begin());
        to.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        const char c = text.front();
        text.remove_prefix(1);
        if (c == '"' || c == '\\') {
            to += '\\';
            to += c;
        } else if (c == '\t') {
            to += "\\t";
        } else {
            to += "\\u00";
            to += hex[static_cast<unsigned char>(c) >> 4U];
            to += hex[static_cast<unsigned char>(c) & 15U];
        }
    }
    to += '"';
}

// Names of services and runs are ASCII by their rules.
void append_name(std::string& to, std::string_view text)
{
    if (text.empty())
        to += "null";
    else
        append_json_string(to, text);
}

} // namespace

std::string_view name_of(Stream stream) { return stream == Stream::err ? "stderr" : "stdout"; }

nlohmann::json to_json(const LogLine& line, std::uint64_t epoch)
{
    std::string text;
    append_ndjson(text, line, epoch);
    return nlohmann::json::parse(text);
}

void append_ndjson(std::string& to, const LogLine& line, std::uint64_t epoch)
{
    to.append("{\"type\":\"line\",\"seq\":\"").append(format_token({epoch, line.seq})).append("\",\"time\":\"");
    append_utc(to, line.time);
    to += "\",\"service\":";
    append_name(to, line.service);
    to.append(",\"run\":");
    append_name(to, line.run);
    to.append(",\"pid\":").append(line.pid > 0 ? std::to_string(line.pid) : "null");
    to.append(",\"stream\":\"").append(name_of(line.stream)).append("\",");
    if (model::is_utf8(line.data)) {
        to += "\"text\":";
        append_json_string(to, line.data);
    } else {
        to.append("\"base64\":\"").append(model::to_base64(line.data)).append("\"");
    }
    to.append(",\"partial\":").append(line.partial ? "true" : "false");
    to.append(",\"late\":").append(line.late ? "true}\n" : "false}\n");
}

void append_dropped_ndjson(std::string& to, base::WallTime time, std::string_view service, std::string_view run,
                           std::uint64_t lines, std::string_view reason)
{
    to += "{\"type\":\"dropped\",\"time\":\"";
    append_utc(to, time);
    to += "\",\"service\":";
    append_name(to, service);
    to += ",\"run\":";
    append_name(to, run);
    to.append(",\"lines\":").append(std::to_string(lines)).append(",\"reason\":");
    append_json_string(to, reason);
    to += "}\n";
}

} // namespace processd::output
