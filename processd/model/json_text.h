// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/json_text.h: JSON written straight to text, key by key, for what is written with every run. A tree of
// nlohmann::json costs ten times as much to build and to print; it stays the way to read JSON, and to write what is
// rare. Who calls keeps the order: key() before each value of an object, every object() and array() closed.
#pragma once

#include "processd/model/json.h"

#include <concepts>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace processd::model {

class JsonText {
public:
    explicit JsonText(std::string& to) : to_(to) {}

    JsonText& object() { return open('{'); }
    JsonText& end_object() { return close('}'); }
    JsonText& array() { return open('['); }
    JsonText& end_array() { return close(']'); }
    JsonText& key(std::string_view name);  // of ours: nothing in it needs escaping
    JsonText& name(std::string_view name); // a key that is anybody's

    JsonText& null() { return word("null"); }
    JsonText& value(bool yes) { return word(yes ? "true" : "false"); }
    template <std::integral T> JsonText& value(T number) { return word(std::to_string(number)); }
    JsonText& value(std::string_view text); // what is not UTF-8 in it becomes U+FFFD
    JsonText& value(const std::string& text) { return value(std::string_view{text}); }
    JsonText& value(const char* text) { return value(std::string_view{text}); }
    JsonText& value(base::WallTime time);     // as json_time()
    JsonText& value(base::Duration duration); // whole milliseconds
    template <class T> JsonText& value(const std::optional<T>& maybe) { return maybe ? value(*maybe) : null(); }
    template <class T> JsonText& value(const std::vector<T>& values) { return list(values); }
    template <class T> JsonText& value(const std::set<T>& values) { return list(values); }

    // A key with its value.
    template <class T> JsonText& put(std::string_view name, const T& what) { return key(name).value(what); }
    // put_bytes(): "text" or "base64", whichever is exact.
    JsonText& put_bytes(std::string_view bytes);

private:
    JsonText& open(char bracket);
    JsonText& close(char bracket);
    JsonText& word(std::string_view text);
    template <class List> JsonText& list(const List& values)
    {
        array();
        for (const auto& one : values) value(one);
        return end_array();
    }

    std::string& to_;
    bool comma_ = false; // before the next key or value
};

} // namespace processd::model
