// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/reply.h: one HTTP response as a value, and its bytes.
#pragma once

#include "processd/api/request.h"

#include <string>
#include <utility>
#include <vector>

namespace processd::api {

struct Reply {
    int status = 200;
    std::string content_type;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers{}; // further ones, such as Allow
};

enum class Framing {
    length,  // Content-Length
    chunked, // Transfer-Encoding: chunked
    close,   // the end of the connection is the end of the body (HTTP/1.0)
};

struct HeadOptions {
    Framing framing = Framing::length;
    bool keep_alive = true;
    bool http_1_0 = false;
};

// Status line and header up to the empty line. body_size counts with Framing::length only.
std::string response_head(const Reply& reply, std::size_t body_size, HeadOptions options);
// A whole response without body that announces the end of the connection: the answer to what is not HTTP.
std::string bare_response(int status);

} // namespace processd::api
