// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace processd::api {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::iequals;
using text = boost::beast::string_view;

// Receives what Beast finds. An answer of ours that no error of Beast's stands for is kept in refused.
class Parser::Sink final : public http::basic_parser<true> {
public:
    Request request;
    bool hosted = false;
    bool expects = false;
    bool body_begun = false;
    int refused = 0;
    State state = State::need_more;
    bool started = false;
    std::size_t header_used = 0;

    void refuse(int status, error_code& ec)
    {
        refused = status;
        ec = http::error::bad_value;
    }

private:
    void on_request_impl(http::verb, text method, text target, int version, error_code&) override
    {
        request.method.assign(method.data(), method.size());
        request.target.assign(target.data(), target.size());
        request.http_1_0 = version < 11;
    }
    void on_field_impl(http::field field, text, text value, error_code& ec) override
    {
        if (is_header_done()) return; // a trailer: nothing of it concerns us
        switch (field) {
        case http::field::host:
            if (std::exchange(hosted, true)) refuse(400, ec);
            return;
        case http::field::accept:
            if (!request.accept.empty()) request.accept += ',';
            request.accept.append(value.data(), value.size());
            return;
        case http::field::expect:
            if (request.http_1_0) return; // RFC 9110, 10.1.1: to be ignored
            if (!iequals(value, "100-continue")) refuse(417, ec);
            expects = true;
            return;
        case http::field::transfer_encoding:
            // Beast takes a coding it does not know for no body at all, and would read that body as the next request.
            if (request.http_1_0) refuse(400, ec);
            if (!iequals(value, "chunked")) refuse(501, ec);
            return;
        default: return;
        }
    }
    void on_header_impl(error_code& ec) override
    {
        if (!hosted && !request.http_1_0) refuse(400, ec);
    }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(text body, error_code&) override
    {
        body_begun = true;
        request.body.append(body.data(), body.size());
        return body.size();
    }
    void on_chunk_header_impl(std::uint64_t, text, error_code&) override { body_begun = true; }
    std::size_t on_chunk_body_impl(std::uint64_t, text body, error_code& ec) override { return on_body_impl(body, ec); }
    void on_finish_impl(error_code&) override {}
    void on_response_impl(int, text, int, error_code&) override {}
};

namespace {

int status_of(const error_code& ec)
{
    if (ec == http::error::header_limit || ec == http::error::bad_obs_fold) return 431;
    if (ec == http::error::body_limit) return 413;
    if (ec == http::error::bad_version) return 505;
    return 400;
}

} // namespace

Parser::Parser(Bounds bounds) : bounds_(bounds), sink_(std::make_unique<Sink>())
{
    sink_->header_limit(bounds.header_bytes);
    sink_->body_limit(bounds.body_bytes);
}
Parser::~Parser() = default;
Parser::Parser(Parser&&) noexcept = default;
Parser& Parser::operator=(Parser&&) noexcept = default;

std::size_t Parser::feed(std::string_view bytes)
{
    auto& sink = *sink_;
    std::size_t used = 0;
    while (used < bytes.size() && sink.state == State::need_more) {
        sink.started = true;
        const bool in_header = !sink.is_header_done();
        sink.eager(!in_header); // stops behind the header, so that its bytes can be told from the body's
        error_code ec;
        const std::size_t n = sink.put(boost::asio::const_buffer(bytes.data() + used, bytes.size() - used), ec);
        used += n;
        const std::size_t left = bytes.size() - used;
        if (in_header) sink.header_used += n;
        const std::size_t header_size = sink.header_used + (sink.is_header_done() ? 0 : left);
        if (in_header && header_size > bounds_.header_bytes && (!ec || ec == http::error::need_more))
            ec = http::error::header_limit;
        if (ec == http::error::need_more) {
            // Beast bounds the header; a chunk's size line, extensions and trailer are ours to bound.
            if (in_header || left <= bounds_.header_bytes) break;
            ec = http::error::bad_chunk;
        }
        if (ec) {
            if (sink.refused == 0) sink.refused = status_of(ec);
            sink.state = State::failed;
        } else if (sink.is_done()) {
            sink.state = State::done;
        }
    }
    return used;
}

Parser::State Parser::state() const noexcept { return sink_->state; }
int Parser::status() const noexcept { return sink_->refused; }
bool Parser::started() const noexcept { return sink_->started; }
bool Parser::header_done() const noexcept
{
    return sink_->is_header_done() ||
           sink_->refused == 413; // a Content-Length beyond the limit stops Beast just before
}

bool Parser::wants_continue() const noexcept
{
    return sink_->expects && sink_->is_header_done() && !sink_->body_begun && sink_->state == State::need_more;
}

Request Parser::take()
{
    Request request = std::move(sink_->request);
    request.keep_alive = sink_->keep_alive();
    *this = Parser(bounds_);
    return request;
}

} // namespace processd::api
