// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/request.h: one HTTP request as a value, decoded but not judged.
#pragma once

#include "processd/api/peer.h"
#include "processd/model/service_spec.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace processd::api {

struct Request {
    std::string method;                // as sent: methods are case-sensitive
    std::string target;                // as sent
    std::vector<std::string> segments; // of the path, percent-decoded: /v1/runs/a%20b is {"v1", "runs", "a b"}
    std::vector<std::pair<std::string, std::string>> query; // in order, percent-decoded, "+" is a blank
    std::string accept;                                     // header, empty if absent
    std::string body;
    bool keep_alive = true;
    bool http_1_0 = false;
    Peer peer;
    model::Access access = model::Access::none; // of the peer, decided when it connected

    [[nodiscard]] bool is_head() const { return method == "HEAD"; }
    // The first value of a query key.
    [[nodiscard]] const std::string* find(std::string_view key) const;
    // Whether the Accept header names this type. Parameters such as ;q= are not weighed.
    [[nodiscard]] bool accepts(std::string_view media_type) const;
};

// Fills segments and query from target, which is "/path?query" or an absolute "http://host/path?query".
// Errc::bad_input for anything else, broken percent encoding, NUL, or text that is not UTF-8.
base::Result<void> split_target(Request& request);

// Text with %XX decoded; nothing when an escape is broken or what comes out is not UTF-8 or contains NUL.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank);

} // namespace processd::api
