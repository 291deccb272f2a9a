// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/json_text.h"

#include "helpers/base/wall_time.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace processd::model {
namespace {

bool plain(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

} // namespace

JsonText& JsonText::open(char bracket)
{
    if (comma_) to_ += ',';
    to_ += bracket;
    comma_ = false;
    return *this;
}

JsonText& JsonText::close(char bracket)
{
    to_ += bracket;
    comma_ = true;
    return *this;
}

JsonText& JsonText::word(std::string_view text)
{
    if (comma_) to_ += ',';
    to_ += text;
    comma_ = true;
    return *this;
}

JsonText& JsonText::key(std::string_view name)
{
    if (comma_) to_ += ',';
    to_.append("\"").append(name).append("\":");
    comma_ = false;
    return *this;
}

JsonText& JsonText::name(std::string_view name)
{
    value(name);
    to_ += ':';
    comma_ = false;
    return *this;
}

JsonText& JsonText::value(std::string_view text)
{
    using nlohmann::json;
    if (!plain(text)) return word(json(text).dump(-1, ' ', false, json::error_handler_t::replace));
    if (comma_) to_ += ',';
    to_.append("\"").append(text).append("\"");
    comma_ = true;
    return *this;
}

JsonText& JsonText::value(base::WallTime time)
{
    return time == base::WallTime{} ? null() : value(base::format_wall_time(time));
}

JsonText& JsonText::value(base::Duration duration)
{
    return value(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

JsonText& JsonText::put_bytes(std::string_view bytes)
{
    return is_utf8(bytes) ? put("text", bytes) : put("base64", to_base64(bytes));
}

} // namespace processd::model
