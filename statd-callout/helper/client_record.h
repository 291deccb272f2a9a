// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/helper/client_record.h: "statd-state@SERVER@CLIENT": the client may hold locks that it took through the
// server's address. The name of a file, or the key of a database record.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callout {

struct ClientRecord {
    std::string server, client;
    std::string value; // of a database record: seconds, or the mark of a notification that is under way

    [[nodiscard]] std::string key() const { return "statd-state@" + server + "@" + client; }
    friend auto operator<=>(const ClientRecord&, const ClientRecord&) = default;
};

// Cut at the first '@' after the prefix.
std::optional<ClientRecord> parse_key(std::string_view key);

// A queue file's line, "KEY" "VALUE": the value, or nothing if the line is not whole or has another key.
std::optional<std::string> parse_queue_line(std::string_view text, std::string_view key);

constexpr std::string_view state_prefix =
    "nsm-state@"; // of a server address: the last NSM state that its clients were told

// The client records in what "ctdb catdb DB" prints, sorted, and the states; other records are passed over.
std::vector<ClientRecord> parse_catdb(std::string_view text, std::map<std::string, std::int32_t>* states = nullptr);

} // namespace callout
