// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/json_keys.h"

namespace processd::model {
namespace {

using nlohmann::json;

bool is_text(const json& j) { return j.is_string() && j.get_ref<const std::string&>().find('\0') == std::string::npos; }

} // namespace

const json* JsonKeys::find(const char* key) const
{
    const auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void JsonKeys::truth(const char* key, bool& value)
{
    const json* j = find(key);
    if (j == nullptr) return;
    if (!j->is_boolean()) return complain(key, "true or false");
    value = j->get<bool>();
}

void JsonKeys::text(const char* key, std::string& value)
{
    const json* j = find(key);
    if (j == nullptr) return;
    if (!is_text(*j)) return complain(key, "a string");
    value = j->get<std::string>();
}

void JsonKeys::text(const char* key, std::optional<std::string>& value)
{
    std::string found;
    if (find(key) == nullptr) return;
    text(key, found);
    value = std::move(found);
}

void JsonKeys::word(const char* key, std::string& value, std::initializer_list<std::string_view> words)
{
    if (find(key) == nullptr) return;
    text(key, value);
    if (std::find(words.begin(), words.end(), value) != words.end()) return;
    std::string list;
    for (const auto w : words) list += (list.empty() ? "" : ", ") + std::string(w);
    complain(key, "one of " + list);
}

void JsonKeys::strings(const char* key, std::vector<std::string>& values)
{
    const json* j = find(key);
    if (j == nullptr) return;
    if (!j->is_array() || !std::all_of(j->begin(), j->end(), is_text))
        return complain(key, R"(an array of strings, like ["/bin/sleep", "5"])");
    values = j->get<std::vector<std::string>>();
}

std::optional<std::int64_t> JsonKeys::whole(const char* key, std::int64_t low, std::int64_t high)
{
    const json* j = find(key);
    if (j == nullptr) return std::nullopt;
    const bool fits = j->is_number_integer() &&
                      !(j->is_number_unsigned() && j->get<std::uint64_t>() > std::uint64_t{INT64_MAX}) &&
                      j->get<std::int64_t>() >= low && j->get<std::int64_t>() <= high;
    if (fits) return j->get<std::int64_t>();
    complain(key, "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return std::nullopt;
}

void JsonKeys::complain(const std::string& key, const std::string& right)
{
    object_to("\"" + prefix_ + key + "\" must be " + right);
}

void JsonKeys::object_to(std::string problem)
{
    if (problem_.empty()) problem_ = std::move(problem);
}

} // namespace processd::model
