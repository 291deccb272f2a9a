// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/json_keys.h: reads the optional keys of one JSON object into values and keeps the first complaint,
// which names the key and what would be right. A key that is absent or null leaves its value alone. Private to this
// room.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace processd::model {

class JsonKeys {
public:
    // prefix: of the names in complaints, as "cgroup." for a table inside.
    explicit JsonKeys(const nlohmann::json& object, std::string prefix = {})
        : object_(object), prefix_(std::move(prefix))
    {
    }

    [[nodiscard]] const std::string& problem() const { return problem_; }
    [[nodiscard]] const nlohmann::json* find(const char* key) const;

    void truth(const char* key, bool& value);
    void text(const char* key, std::string& value);
    void text(const char* key, std::optional<std::string>& value);
    void word(const char* key, std::string& value, std::initializer_list<std::string_view> words);
    void strings(const char* key, std::vector<std::string>& values);
    template <class Int> void number(const char* key, Int& value, std::int64_t low, std::int64_t high)
    {
        if (const auto found = whole(key, low, high)) value = static_cast<Int>(*found);
    }
    template <class Int> void number(const char* key, std::optional<Int>& value, std::int64_t low, std::int64_t high)
    {
        if (const auto found = whole(key, low, high)) value = static_cast<Int>(*found);
    }

    void complain(const std::string& key, const std::string& right); // "KEY" must be RIGHT
    void object_to(std::string problem);                             // in words of one's own

private:
    std::optional<std::int64_t> whole(const char* key, std::int64_t low, std::int64_t high);

    const nlohmann::json& object_;
    std::string prefix_;
    std::string problem_;
};

} // namespace processd::model
