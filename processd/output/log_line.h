// SPDX-License-Identifier: GPL-3.0-or-later
// processd/output/log_line.h: one captured line, as it is kept, streamed and written to sinks. docs/records.md
// describes its JSON and its line in log files.
#pragma once

#include "helpers/base/time.h"
#include "processd/output/token.h"
#include "processd/protocol/ring.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace processd::output {

using protocol::Stream;

std::string_view name_of(Stream stream); // "stdout", "stderr"

struct LogLine {
    std::uint64_t seq = 0;
    base::WallTime time; // of its first byte
    std::string service; // empty: an ad-hoc run
    std::string run;     // id
    Stream stream = Stream::out;
    std::string data;     // without the newline; any bytes
    bool partial = false; // goes on in the next line of this stream, or its newline never came
    bool late = false;    // came after the run's leader had ended
    std::int32_t pid = 0; // of the run's leader; 0: not known
    friend bool operator==(const LogLine&, const LogLine&) = default;
};

// {"type":"line","seq","time","service","run","pid","stream","text"|"base64","partial","late"}; seq is the token's
// text.
nlohmann::json to_json(const LogLine& line, std::uint64_t epoch);
// The same as text with a newline, for streams: appended to `to`, without building a JSON value.
void append_ndjson(std::string& to, const LogLine& line, std::uint64_t epoch);
// {"type":"dropped","time","service","run","lines","reason"} and a newline: a sink's notice of lines that it lacks.
void append_dropped_ndjson(std::string& to, base::WallTime time, std::string_view service, std::string_view run,
                           std::uint64_t lines, std::string_view reason);

} // namespace processd::output
