// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/fields.h"

#include "helpers/base/wall_time.h"

#include <nlohmann/json.hpp>

namespace processd::ctl {
namespace {

using nlohmann::json;

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const json* find(const json& object, const char* key)
{
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
}

std::string from_base64(std::string_view text)
{
    std::string result;
    unsigned bits = 0, held = 0;
    for (const char c : text) {
        const auto at = alphabet.find(c);
        if (at == std::string_view::npos) break;
        held = (held << 6U | static_cast<unsigned>(at)) & 0xffffU;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        result += static_cast<char>(held >> bits & 0xffU);
    }
    return result;
}

} // namespace

std::string text(const json& object, const char* key)
{
    const json* j = find(object, key);
    return j != nullptr && j->is_string() ? j->get<std::string>() : std::string();
}

std::optional<std::int64_t> maybe_number(const json& object, const char* key)
{
    const json* j = find(object, key);
    if (j == nullptr || !j->is_number_integer()) return std::nullopt;
    return j->get<std::int64_t>();
}

std::int64_t number(const json& object, const char* key, std::int64_t otherwise)
{
    return maybe_number(object, key).value_or(otherwise);
}

bool flag(const json& object, const char* key)
{
    const json* j = find(object, key);
    return j != nullptr && j->is_boolean() && j->get<bool>();
}

base::WallTime time(const json& object, const char* key)
{
    return base::parse_wall_time(text(object, key)).value_or(base::WallTime{});
}

const json& part(const json& object, const char* key)
{
    static const json nothing;
    const json* j = find(object, key);
    return j == nullptr ? nothing : *j;
}

std::vector<std::string> texts(const json& object, const char* key)
{
    std::vector<std::string> result;
    const json& list = part(object, key);
    if (!list.is_array()) return result;
    for (const auto& item : list) {
        if (item.is_string()) result.push_back(item.get<std::string>());
        if (item.is_number_integer()) result.push_back(std::to_string(item.get<std::int64_t>()));
    }
    return result;
}

std::string bytes(const json& object)
{
    if (part(object, "text").is_string()) return text(object, "text");
    return from_base64(text(object, "base64"));
}

std::string to_base64(std::string_view bytes)
{
    std::string result;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto at = [&](std::size_t k) {
            return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U;
        };
        const unsigned three = at(0) << 16U | at(1) << 8U | at(2);
        result += alphabet[three >> 18U & 63U];
        result += alphabet[three >> 12U & 63U];
        result += i + 1 < bytes.size() ? alphabet[three >> 6U & 63U] : '=';
        result += i + 2 < bytes.size() ? alphabet[three & 63U] : '=';
    }
    return result;
}

} // namespace processd::ctl
