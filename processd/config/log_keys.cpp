// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/log_keys.h"

#include "processd/config/references.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <sys/un.h>

namespace processd::config {
namespace {

using namespace std::chrono_literals;
using model::LineFormat;
using model::SinkKind;
using model::SinkSpec;

constexpr std::uint64_t KiB = 1ULL << 10U, GiB = 1ULL << 30U;
constexpr base::Duration day = 24h;
constexpr std::string_view dev_log = "/dev/log";
constexpr std::string_view journal_socket = "/run/systemd/journal/socket";

// Which keys go with which kinds, and how a message names those.
struct KeyOfKinds {
    std::string_view key;
    std::vector<SinkKind> kinds;
};
const std::vector<KeyOfKinds>& keys_of_kinds()
{
    static const std::vector<KeyOfKinds> keys{
        {"path", {SinkKind::file, SinkKind::syslog, SinkKind::journald}},
        {"format", {SinkKind::standard_error, SinkKind::file, SinkKind::syslog}},
        {"max_size", {SinkKind::file}},
        {"max_age", {SinkKind::file}},
        {"keep", {SinkKind::file}},
        {"address", {SinkKind::syslog}},
        {"facility", {SinkKind::syslog, SinkKind::journald}},
    };
    return keys;
}

void check_kind(TableReader& keys, SinkKind kind)
{
    for (const auto& [key, kinds] : keys_of_kinds()) {
        const Entry* entry = find(keys.entries(), key);
        if (entry == nullptr || std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) continue;
        std::string names;
        for (std::size_t i = 0; i < kinds.size(); ++i)
            names += (i == 0 ? "" : i + 1 == kinds.size() ? " or " : ", ") + quoted(name_of(kinds[i]));
        keys.complain(entry->place, key, quoted(key) + " goes with kind = " + names + " only");
    }
}

// A numeric address of this host and a port: what goes to another one may be lost without a word.
bool is_local_address(std::string_view text)
{
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return false;
    std::uint16_t port = 0;
    const auto digits = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size() || port == 0) return false;
    const std::string host{text.substr(0, colon)};
    in_addr four{};
    return host == "[::1]" || (::inet_pton(AF_INET, host.c_str(), &four) == 1 && (ntohl(four.s_addr) >> 24U) == 127);
}

void read_address(TableReader& keys, SinkSpec& sink)
{
    if (!keys.text("address", sink.address)) return;
    const Entry& entry = *find(keys.entries(), "address");
    if (!is_local_address(sink.address))
        keys.complain(entry, R"("address" must be an address of this host's loopback and a port, like )"
                             R"("127.0.0.1:514" or "[::1]:514", not )" +
                                 quoted(sink.address) + "; the syslog daemon there can pass lines on to other hosts");
    if (const Entry* path = find(keys.entries(), "path"))
        keys.complain(path->place, "path", R"(a sink has "path" or "address", not both)");
}

void read_socket(TableReader& keys, SinkSpec& sink, std::string_view usual)
{
    if (sink.address.empty()) sink.path = usual;
    if (!keys.path("path", sink.path)) return;
    if (sink.path.size() >= sizeof(sockaddr_un::sun_path))
        keys.complain(*find(keys.entries(), "path"), R"("path" must be a socket's path of at most 107 bytes)");
}

void read_facility(TableReader& keys, SinkSpec& sink)
{
    std::string name;
    if (!keys.text("facility", name)) return;
    if (const auto number = model::facility_number(name))
        sink.facility = *number;
    else
        keys.complain(*find(keys.entries(), "facility"),
                      R"("facility" must be one of syslog's, like "daemon" or "local3", not )" + quoted(name) +
                          did_you_mean(name, model::facility_names()));
}

void read_line_format(TableReader& keys, SinkSpec& sink)
{
    keys.word<LineFormat>("format", sink.format,
                          {{"text", LineFormat::text},
                           {"json", LineFormat::json},
                           {"ctdb", LineFormat::ctdb},
                           {"bare", LineFormat::bare}});
}

void read_keys_of(TableReader& keys, SinkSpec& sink)
{
    for (const auto& known : keys_of_kinds()) keys.find(known.key);
    check_kind(keys, sink.kind);
    switch (sink.kind) {
    case SinkKind::standard_error: return read_line_format(keys, sink);
    case SinkKind::file:
        if (keys.find("path") == nullptr)
            keys.complain(keys.place(), "path",
                          "[[" + keys.path() + R"(]] of kind "file" needs a path, like "/var/log/ctdb/services.log")");
        keys.path("path", sink.path);
        read_line_format(keys, sink);
        keys.size("max_size", sink.max_bytes, 4 * KiB, 1024 * GiB);
        keys.duration("max_age", sink.max_age, {0ms, 3650 * day});
        keys.number("keep", sink.keep, 0, 1000);
        return;
    case SinkKind::syslog:
        read_address(keys, sink);
        read_socket(keys, sink, dev_log);
        sink.format = sink.address.empty() ? LineFormat::local : LineFormat::rfc5424;
        keys.word<LineFormat>("format", sink.format, {{"local", LineFormat::local}, {"rfc5424", LineFormat::rfc5424}});
        return read_facility(keys, sink);
    case SinkKind::journald:
        sink.format = LineFormat::journald;
        read_socket(keys, sink, journal_socket);
        return read_facility(keys, sink);
    }
}

void read_name(TableReader& keys, const std::vector<SinkSpec>& others, SinkSpec& sink)
{
    if (!keys.text("name", sink.name)) return;
    const Entry& entry = *find(keys.entries(), "name");
    if (!is_service_name(sink.name))
        return keys.complain(entry, R"("name" must be 1 to 64 of a-z 0-9 _ . @ - and a letter or digit first, not )" +
                                        quoted(sink.name));
    if (std::any_of(others.begin(), others.end(), [&](const SinkSpec& other) { return other.name == sink.name; }))
        keys.complain(entry, "two sinks have the name " + quoted(sink.name));
}

void read_sink(TableReader& keys, bool of_service, model::LogSpec& logs, LogPlaces& places)
{
    SinkSpec sink;
    read_name(keys, logs.sinks, sink);
    const bool has_kind = keys.word<SinkKind>("kind", sink.kind,
                                              {{"stderr", SinkKind::standard_error},
                                               {"file", SinkKind::file},
                                               {"syslog", SinkKind::syslog},
                                               {"journald", SinkKind::journald}});
    if (!has_kind) {
        if (keys.find("kind") == nullptr)
            keys.complain(keys.place(), "kind",
                          "[[" + keys.path() + R"(]] needs a kind: "stderr", "file", "syslog" or "journald")");
        for (const auto& known : keys_of_kinds()) keys.find(known.key); // any may be right
        return keys.finish();
    }
    if (of_service && sink.kind == SinkKind::standard_error)
        keys.complain(*keys.find("kind"), R"(a service has no stderr sink of its own: give one in processd.toml a )"
                                          R"(name, and name it in "stdout" and "stderr" here)");
    read_keys_of(keys, sink);
    if (sink.kind == SinkKind::standard_error && std::any_of(logs.sinks.begin(), logs.sinks.end(), [](const auto& s) {
            return s.kind == SinkKind::standard_error;
        }))
        keys.complain(keys.place(), "kind", R"(two sinks are of kind "stderr")");
    if (sink.kind == SinkKind::file && !sink.path.empty()) places.written.push_back({sink.path, keys.place()});
    keys.finish();
    logs.sinks.push_back(std::move(sink));
}

void read_sinks(TableReader& keys, bool of_service, model::LogSpec& logs, LogPlaces& places)
{
    const Entry* entry = keys.find("sink");
    if (entry == nullptr) return;
    const auto* items = std::get_if<Array>(&entry->value.data);
    if (items == nullptr)
        return keys.must_be(*entry, "an array of tables: write [[" + keys.path() +
                                        R"(.sink]] with two brackets and kind = "file")");
    for (const auto& item : *items) {
        if (const auto* table = std::get_if<Table>(&item.data)) {
            auto sink = keys.inner(*table, item.place, "sink");
            read_sink(sink, of_service, logs, places);
        } else {
            keys.complain(item.place, "sink",
                          R"("sink" must hold tables, like { kind = "stderr" }, not )" + std::string(kind_of(item)));
        }
    }
}

void read_stream(TableReader& keys, std::string_view key, std::optional<std::vector<std::string>>& names,
                 LogPlaces& places)
{
    std::vector<std::string> found;
    if (!keys.strings(key, found, R"(["services"])")) return;
    const auto& items = std::get<Array>(find(keys.entries(), key)->value.data);
    for (std::size_t i = 0; i < found.size(); ++i) places.named.push_back({std::string(key), found[i], items[i].place});
    names = std::move(found);
}

class Checks {
public:
    Checks(const DaemonLogs& daemon, Problems& problems) : daemon_(daemon), problems_(problems) {}

    void file(const std::string& path, const Origin& origin, const Place& place, const std::string& in,
              const std::string& key)
    {
        const auto [first, is_first] = files_.emplace(path, in);
        if (is_first) return;
        problems_.push_back(problem_at(origin, place, key,
                                       "two sinks write the file " + quoted(path) +
                                           (first->second == in ? "" : ", here and in " + first->second)));
    }

    void names(const LogPlaces& places, const Origin& origin, const model::LogSpec* own, const std::string& prefix)
    {
        if (!daemon_.known) return;
        std::vector<std::string_view> known;
        for (const auto* logs : {own, &daemon_.spec})
            for (const auto& sink : logs != nullptr ? logs->sinks : std::vector<SinkSpec>{})
                if (!sink.name.empty()) names_.insert(sink.name);
        for (const auto& name : names_) known.push_back(name);
        for (const auto& named : places.named)
            if (!names_.contains(named.name))
                problems_.push_back(problem_at(origin, named.place, prefix + named.key,
                                               quoted(named.key) + " names " + quoted(named.name) +
                                                   ", which is no sink here: a sink to be named has a \"name\"" +
                                                   did_you_mean(named.name, known)));
        names_.clear();
    }

private:
    const DaemonLogs& daemon_;
    Problems& problems_;
    std::map<std::string, std::string> files_; // and where they are written first
    std::set<std::string> names_;
};

} // namespace

void read_logs(TableReader& keys, bool of_service, model::LogSpec& logs, LogPlaces& places)
{
    read_stream(keys, "stdout", logs.out, places);
    read_stream(keys, "stderr", logs.err, places);
    std::uint64_t lines = 0;
    base::Duration period{};
    if (keys.number("rate_lines", lines, 0, 1'000'000'000)) logs.rate_lines = lines;
    if (keys.duration("rate_period", period, {100ms, 1h})) logs.rate_period = period;
    read_sinks(keys, of_service, logs, places);
    keys.finish();
}

void check_logs(const DaemonLogs& daemon, const Declared& declared, Problems& problems)
{
    Checks checks{daemon, problems};
    for (const auto& sink : daemon.places.written)
        checks.file(sink.path, daemon.origin, sink.place, "processd.toml", "logs.sink.path");
    checks.names(daemon.places, daemon.origin, nullptr, "logs.");
    const auto check = [&](const std::string& name, const std::string& table, const auto& named) {
        for (const auto& sink : named.file.logs.written)
            checks.file(sink.path, named.origin, sink.place, named.origin.instance.empty() ? name + ".toml" : name,
                        table + ".logs.sink.path");
        checks.names(named.file.logs, named.origin, &named.file.spec.logs, table + ".logs.");
    };
    for (const auto& [name, named] : declared.services) check(name, "service", named);
    for (const auto& [name, named] : declared.jobs) check(name, named.file.spec.hook ? "hook" : "job", named);
}

} // namespace processd::config
