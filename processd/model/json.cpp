// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/json.h"

#include "helpers/base/nearest.h"

#include "helpers/base/wall_time.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <numeric>
#include <vector>

namespace processd::model {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr int max_depth = 64;

// Deep nesting would make the parser's result overflow the stack when it is destroyed or walked, so it is refused
// first.
bool too_deep(std::string_view text)
{
    int depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > max_depth) return true;
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
    return false;
}

} // namespace

nlohmann::json json_time(base::WallTime time)
{
    if (time == base::WallTime{}) return nullptr;
    return base::format_wall_time(time);
}

nlohmann::json json_ms(std::optional<base::Duration> duration)
{
    if (!duration) return nullptr;
    return std::chrono::duration_cast<std::chrono::milliseconds>(*duration).count();
}

void put_bytes(nlohmann::json& object, std::string_view bytes)
{
    if (is_utf8(bytes))
        object["text"] = bytes;
    else
        object["base64"] = to_base64(bytes);
}

std::string bytes_from(const nlohmann::json& object)
{
    if (const auto text = object.find("text"); text != object.end()) return text->get<std::string>();
    auto decoded = from_base64(object.at("base64").get_ref<const std::string&>());
    if (!decoded) throw nlohmann::json::other_error::create(501, decoded.error().message(), nullptr);
    return *std::move(decoded);
}

std::string to_base64(std::string_view bytes)
{
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto at = [&](std::size_t k) {
            return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U;
        };
        const unsigned three = at(0) << 16U | at(1) << 8U | at(2);
        text += alphabet[three >> 18U & 63U];
        text += alphabet[three >> 12U & 63U];
        text += i + 1 < bytes.size() ? alphabet[three >> 6U & 63U] : '=';
        text += i + 2 < bytes.size() ? alphabet[three & 63U] : '=';
    }
    return text;
}

base::Result<std::string> from_base64(std::string_view text)
{
    const auto bad = [] { return base::fail(base::Errc::bad_input, "not base64 (RFC 4648, with padding)"); };
    if (text.size() % 4 != 0) return bad();
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); i += 4) {
        unsigned four = 0;
        std::size_t padding = 0;
        for (std::size_t k = 0; k < 4; ++k) {
            const char c = text[i + k];
            if (c == '=' && i + 4 == text.size() && k >= 2) {
                ++padding;
                four <<= 6U;
                continue;
            }
            const auto at = alphabet.find(c);
            if (at == std::string_view::npos || padding > 0) return bad();
            four = four << 6U | static_cast<unsigned>(at);
        }
        for (std::size_t k = 0; k < 3 - padding; ++k) bytes += static_cast<char>(four >> (16U - 8U * k) & 0xffU);
    }
    return bytes;
}

bool is_utf8(std::string_view bytes) noexcept
{
    for (std::size_t i = 0; i < bytes.size();) {
        const auto c = static_cast<unsigned char>(bytes[i]);
        if (c < 0x80) {
            ++i;
            continue;
        }
        const std::size_t more = c >= 0xc2 && c <= 0xdf   ? 1U
                                 : c >= 0xe0 && c <= 0xef ? 2U
                                 : c >= 0xf0 && c <= 0xf4 ? 3U
                                                          : 0U;
        if (more == 0 || i + more >= bytes.size() + 0U) return false;
        unsigned code = c & (0x3fU >> more);
        for (std::size_t k = 1; k <= more; ++k) {
            const auto next = static_cast<unsigned char>(bytes[i + k]);
            if ((next & 0xc0U) != 0x80U) return false;
            code = code << 6U | (next & 0x3fU);
        }
        if ((more == 2 && code < 0x800) || (more == 3 && (code < 0x10000 || code > 0x10ffff)) ||
            (code >= 0xd800 && code <= 0xdfff))
            return false;
        i += more + 1;
    }
    return true;
}

base::Result<nlohmann::json> parse_json(std::string_view text)
{
    if (too_deep(text))
        return base::fail(base::Errc::bad_input,
                          "the JSON is nested deeper than " + std::to_string(max_depth) + " levels");
    try {
        return nlohmann::json::parse(text);
    } catch (const nlohmann::json::exception& e) {
        // "[json.exception.parse_error.101] parse error at line 1, column 2: …": the reader wants what is behind the
        // tag.
        std::string_view what = e.what();
        if (const auto end = what.find("] "); end != std::string_view::npos) what.remove_prefix(end + 2);
        return base::fail(base::Errc::bad_input, "not JSON: " + std::string(what));
    }
}

base::Result<void> only_known_keys(const nlohmann::json& object, std::initializer_list<std::string_view> known,
                                   std::string_view what)
{
    for (const auto& item : object.items()) {
        const std::string& key = item.key();
        if (std::find(known.begin(), known.end(), key) != known.end()) continue;
        std::string message = std::string(what) + " has no key \"" + key + "\"";
        if (const auto near = base::nearest(key, known); !near.empty())
            message += "; did you mean \"" + std::string(near) + "\"?";
        return base::fail(base::Errc::bad_input, message);
    }
    return {};
}

} // namespace processd::model
