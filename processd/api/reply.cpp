// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/reply.h"

namespace processd::api {
namespace {

std::string_view reason_phrase(int status)
{
    switch (status) {
    case 200: return "OK";
    case 202: return "Accepted";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return "Status"; // clients go by the number
    }
}

void add(std::string& head, std::string_view name, std::string_view value)
{
    head.append(name).append(": ").append(value).append("\r\n");
}

} // namespace

std::string response_head(const Reply& reply, std::size_t body_size, HeadOptions options)
{
    std::string head;
    head.reserve(192 + (options.framing == Framing::length ? body_size : 0)); // the body is appended by the caller
    head.append("HTTP/1.1 ").append(std::to_string(reply.status)).append(" ");
    head.append(reason_phrase(reply.status)).append("\r\n");
    if (!reply.content_type.empty()) add(head, "Content-Type", reply.content_type);
    if (options.framing == Framing::length) add(head, "Content-Length", std::to_string(body_size));
    if (options.framing == Framing::chunked) add(head, "Transfer-Encoding", "chunked");
    for (const auto& [name, value] : reply.headers) add(head, name, value);
    if (!options.keep_alive)
        add(head, "Connection", "close");
    else if (options.http_1_0)
        add(head, "Connection", "keep-alive");
    return head.append("\r\n");
}

std::string bare_response(int status)
{
    return response_head({status, {}, {}, {}}, 0, {Framing::length, false, false});
}

} // namespace processd::api
