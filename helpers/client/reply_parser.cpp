// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/client/reply_parser.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace client {
namespace {

using base::Errc;
using base::fail;

constexpr std::uint64_t max_length = std::uint64_t{1} << 48U;

tl::unexpected<base::Error> malformed(const std::string& what)
{
    return fail(Errc::corrupt, "the reply is not HTTP: " + what);
}

std::string lower(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

bool number(std::string_view text, int radix, std::uint64_t& value)
{
    const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), value, radix);
    return problem == std::errc{} && rest == text.data() + text.size() && value <= max_length;
}

} // namespace

base::Result<std::size_t> ReplyParser::feed(std::string_view bytes, std::string& body)
{
    std::size_t taken = 0;
    while (taken < bytes.size() && state_ != State::done) {
        const auto rest = bytes.substr(taken);
        if (state_ == State::body_to_end) {
            body.append(rest);
            return bytes.size();
        }
        if (state_ == State::body_length || state_ == State::chunk_data) {
            const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
            body.append(rest.substr(0, n));
            taken += n;
            left_ -= n;
            if (left_ == 0) state_ = state_ == State::chunk_data ? State::chunk_end : State::done;
            continue;
        }
        const auto newline = rest.find('\n');
        const auto n = newline == std::string_view::npos ? rest.size() : newline + 1;
        // A stream's chunk sizes are no part of the head: they would exhaust its bound.
        const bool chunked = state_ == State::chunk_size || state_ == State::chunk_end;
        if (chunked ? line_.size() + n > 1024 : (head_bytes_ += n) > max_head_bytes)
            return malformed("a line or the headers are too long");
        line_.append(rest.substr(0, n));
        taken += n;
        if (newline == std::string_view::npos) break;
        line_.pop_back();
        if (!line_.empty() && line_.back() == '\r') line_.pop_back();
        if (auto ok = take_line(); !ok) return tl::unexpected(ok.error());
        line_.clear();
    }
    return taken;
}

base::Result<void> ReplyParser::closed()
{
    if (state_ == State::body_to_end) state_ = State::done;
    if (state_ == State::done) return {};
    if (state_ == State::status_line && line_.empty() && headers_.empty())
        return fail(Errc::unavailable, "the daemon closed the connection without a reply");
    return fail(Errc::unavailable, "the daemon closed the connection in the middle of its reply");
}

std::string_view ReplyParser::header(std::string_view name) const noexcept
{
    for (const auto& h : headers_)
        if (h.name == name) return h.value;
    return {};
}

base::Result<void> ReplyParser::take_line()
{
    switch (state_) {
    case State::status_line: return take_status_line();
    case State::header: return line_.empty() ? begin_body() : take_header();
    case State::chunk_size: return take_chunk_size();
    case State::chunk_end:
        if (!line_.empty()) return malformed("a chunk is longer than it says");
        state_ = State::chunk_size;
        return {};
    case State::trailer:
        if (line_.empty()) state_ = State::done;
        return {};
    default: return {};
    }
}

base::Result<void> ReplyParser::take_status_line()
{
    const std::string_view line = line_;
    std::uint64_t status = 0;
    const bool fits = line.size() >= 12 && line.starts_with("HTTP/1.") && (line[7] == '0' || line[7] == '1') &&
                      line[8] == ' ' && number(line.substr(9, 3), 10, status) && status >= 100 && status <= 599 &&
                      (line.size() == 12 || line[12] == ' ');
    if (!fits) return malformed("it begins with something else than a status line");
    status_ = static_cast<int>(status);
    keep_alive_ = line[7] == '1';
    state_ = State::header;
    return {};
}

base::Result<void> ReplyParser::take_header()
{
    const auto colon = line_.find(':');
    if (colon == std::string::npos || colon == 0 || line_.find_first_of(" \t") < colon)
        return malformed("a header line without a name");
    headers_.push_back({lower(std::string_view(line_).substr(0, colon)),
                        std::string(trimmed(std::string_view(line_).substr(colon + 1)))});
    return {};
}

base::Result<void> ReplyParser::begin_body()
{
    if (status_ < 200) { // interim: the real one follows
        headers_.clear();
        state_ = State::status_line;
        return {};
    }
    const auto connection = lower(header("connection"));
    if (connection == "close") keep_alive_ = false;
    const auto encoding = lower(header("transfer-encoding"));
    const auto length = header("content-length");
    if (status_ == 204 || status_ == 304) {
        state_ = State::done;
    } else if (!encoding.empty()) {
        if (encoding != "chunked") return malformed("a transfer encoding that we do not know");
        state_ = State::chunk_size;
    } else if (!length.empty()) {
        for (const auto& h : headers_)
            if (h.name == "content-length" && h.value != length) return malformed("two lengths that differ");
        if (!number(length, 10, left_)) return malformed("its length is not a number");
        state_ = left_ == 0 ? State::done : State::body_length;
    } else {
        keep_alive_ = false;
        state_ = State::body_to_end;
    }
    return {};
}

base::Result<void> ReplyParser::take_chunk_size()
{
    const auto text = trimmed(std::string_view(line_).substr(0, line_.find(';')));
    if (!number(text, 16, left_)) return malformed("a chunk's size is not a number");
    state_ = left_ == 0 ? State::trailer : State::chunk_data;
    return {};
}

} // namespace client
