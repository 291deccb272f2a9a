// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/request.h"

#include <algorithm>
#include <cctype>

namespace processd::api {
namespace {

int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

tl::unexpected<base::Error> bad_encoding(std::string_view what)
{
    return base::fail(base::Errc::bad_input,
                      std::string(what) + " is not percent-encoded UTF-8: write %25 for a percent sign");
}

// What follows up to stop; text keeps what is behind it.
std::string_view cut(std::string_view& text, char stop)
{
    const auto end = text.find(stop);
    const auto piece = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return piece;
}

bool same_ignoring_case(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
    });
}

} // namespace

const std::string* Request::find(std::string_view key) const
{
    for (const auto& [name, value] : query)
        if (name == key) return &value;
    return nullptr;
}

bool Request::accepts(std::string_view media_type) const
{
    std::string_view rest = accept;
    while (!rest.empty()) {
        auto item = cut(rest, ',');
        item = cut(item, ';');
        while (item.starts_with(' ') || item.starts_with('\t')) item.remove_prefix(1);
        while (item.ends_with(' ') || item.ends_with('\t')) item.remove_suffix(1);
        if (same_ignoring_case(item, media_type)) return true;
    }
    return false;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank)
{
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) return std::nullopt;
            c = static_cast<char>(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        if (c == '\0') return std::nullopt;
        decoded += c;
    }
    if (!model::is_utf8(decoded)) return std::nullopt;
    return decoded;
}

base::Result<void> split_target(Request& request)
{
    std::string_view rest = request.target;
    bool absolute = false;
    if (const auto scheme = rest.find("://"); scheme != std::string_view::npos && !rest.starts_with('/')) {
        rest.remove_prefix(scheme + 3);
        const auto path = rest.find_first_of("/?");
        rest = path == std::string_view::npos ? std::string_view{} : rest.substr(path);
        absolute = true;
    }
    std::string_view path = cut(rest, '?');
    if (path.empty() && absolute) path = "/";
    if (!path.starts_with('/'))
        return base::fail(base::Errc::bad_input, "the request target must be a path, like /v1/services");
    path.remove_prefix(1);
    while (!path.empty()) {
        auto segment = percent_decode(cut(path, '/'), false);
        if (!segment) return bad_encoding("the path");
        request.segments.push_back(*std::move(segment));
    }
    while (!rest.empty()) {
        auto value = cut(rest, '&');
        if (value.empty()) continue;
        auto key = percent_decode(cut(value, '='), true);
        auto decoded = percent_decode(value, true);
        if (!key || !decoded) return bad_encoding("the query");
        request.query.emplace_back(*std::move(key), *std::move(decoded));
    }
    return {};
}

} // namespace processd::api
