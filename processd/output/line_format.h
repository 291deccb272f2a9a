// SPDX-License-Identifier: GPL-3.0-or-later
// processd/output/line_format.h: a captured line, and the notice of lines that were left out, in the form that a sink
// wants (docs/records.md). Forms of text end in a newline; those of datagrams (local, rfc5424, journald) are one
// message or more, each behind its length in four bytes, as next_message() takes them apart again. Pure, but for the
// host's time zone.
#pragma once

#include "processd/model/log_spec.h"
#include "processd/output/log_line.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace processd::output {

// Lines were left out here.
struct Notice {
    base::WallTime time;
    std::string service; // whose they were; with an empty run: of all
    std::string run;
    std::uint64_t lines = 0;
    std::string reason;
};

struct LineForm {
    model::LineFormat format = model::LineFormat::text;
    std::string host{};      // ctdb, rfc5424
    int facility = 3;        // syslog's, journald's
    std::uint64_t epoch = 0; // of json's tokens
};

void append_line(std::string& to, const LineForm& form, const LogLine& line);
void append_notice(std::string& to, const LineForm& form, const Notice& notice);

// The first message of a text of datagrams, and the bytes that it takes there.
struct Message {
    std::string_view data;
    std::size_t taken;
};
Message next_message(std::string_view messages);

// "web[01K…]", or "run[01K…]" for an ad-hoc run.
std::string source_name(const std::string& service, const std::string& run);
// "… 12 lines of web[01K…] dropped, REASON"
std::string sentence(const Notice& notice);

// A line that begins with "<0>" to "<7>" says its own severity, as sd-daemon(3) has it; others have one by their
// stream.
struct Severity {
    int level;
    std::string_view text; // the rest of the line
};
Severity severity_of(Stream stream, std::string_view text);

} // namespace processd::output
