// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/log_spec.h: where lines of output go, as values: the sinks, and which of them a stream is written to.
#pragma once

#include "helpers/base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace processd::model {

enum class SinkKind { standard_error, file, syslog, journald };
enum class LineFormat {
    text, // ours
    json,
    ctdb,     // as in CTDB's log files
    bare,     // the line alone
    local,    // syslog, as syslog(3) writes to /dev/log
    rfc5424,  // syslog
    journald, // fields
};

struct SinkSpec {
    std::string name;
    SinkKind kind = SinkKind::standard_error;
    LineFormat format = LineFormat::text;
    std::string path{};                     // file: its name; syslog, journald: the socket
    std::uint64_t max_bytes = 10ULL << 20U; // file: rotate beyond this size
    base::Duration max_age{};               // file: rotate what is older; zero: never for its age
    int keep = 5;                           // file: rotated files path.1 … path.keep
    std::string address{};                  // syslog: "127.0.0.1:514" instead of a path
    int facility = 3;                       // syslog, journald: 3 is daemon
    friend bool operator==(const SinkSpec&, const SinkSpec&) = default;
};

// [logs] of processd.toml, and [service.logs], where what is not set is as in the former.
struct LogSpec {
    std::vector<SinkSpec> sinks;                      // of processd.toml: for all; of a service: for its lines alone
    std::optional<std::vector<std::string>> out, err; // names of the sinks of a stream; not set: all there are
    std::optional<std::uint64_t> rate_lines;          // that go to the sinks in each rate_period; 0: no limit
    std::optional<base::Duration> rate_period;        // not set: a second
    friend bool operator==(const LogSpec&, const LogSpec&) = default;
};

std::string_view name_of(SinkKind kind); // "stderr" "file" "syslog" "journald"
std::string_view name_of(LineFormat format);

// Facilities of syslog, by number: "kern" … "local7"; numbers 12 to 15 have no name.
std::optional<int> facility_number(std::string_view name);
std::string_view facility_name(int number);
std::vector<std::string_view> facility_names();

} // namespace processd::model
