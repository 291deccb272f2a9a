// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/json_table.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace processd::config {
namespace {

using nlohmann::json;

constexpr std::size_t max_depth = 64; // as of all our JSON

// Told of one piece after the other, as a parsed json would not show that a key is there twice.
class Building final : public nlohmann::json_sax<json> {
public:
    Building(std::size_t file, Complaints& complaints) : file_(file), complaints_(complaints) {}

    [[nodiscard]] std::optional<Table> result()
    {
        auto* table = std::get_if<Table>(&root_.data);
        if (table == nullptr && !failed_)
            complain("", "must be a JSON object like {\"service\": {\"command\": [\"/bin/program\"]}}");
        if (failed_) return std::nullopt;
        return std::move(*table);
    }

    bool null() override { return refuse("it is null; leave the key out to have its default"); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(number_integer_t value) override { return add(std::int64_t{value}); }
    bool number_unsigned(number_unsigned_t value) override
    {
        if (value > INT64_MAX) return refuse("the number is too large");
        return add(static_cast<std::int64_t>(value));
    }
    bool number_float(number_float_t value, const string_t&) override { return add(double{value}); }
    bool string(string_t& value) override { return add(std::move(value)); }
    bool binary(binary_t&) override { return false; } // JSON has none
    bool start_object(std::size_t) override { return open(Table{}); }
    bool start_array(std::size_t) override { return open(Array{}); }
    bool key(string_t& name) override
    {
        levels_.back().key = std::move(name);
        return true;
    }
    bool end_object() override
    {
        auto& table = std::get<Table>(levels_.back().value.data);
        std::stable_sort(table.begin(), table.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
        for (auto at = table.begin(); at != table.end();) {
            const auto next = std::find_if(at, table.end(), [&](const auto& entry) { return entry.key != at->key; });
            if (next - at > 1) {
                levels_.back().key = at->key;
                complain(path(), "the key is there " + std::to_string(next - at) + " times");
            }
            at = next;
        }
        return close();
    }
    bool end_array() override { return close(); }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override
    {
        std::string_view what = error.what(); // "[json.exception.parse_error.101] parse error at line 1, column 2: …"
        if (const auto end = what.find("] "); end != std::string_view::npos) what.remove_prefix(end + 2);
        complain("", "not JSON: " + std::string(what));
        return false;
    }

private:
    struct Level {
        Value value;     // a Table or an Array
        std::string key; // of what comes next, in a table
    };

    // "service.pre_start[1]": of what comes next.
    [[nodiscard]] std::string path() const
    {
        std::string text;
        for (const auto& level : levels_) {
            if (const auto* array = std::get_if<Array>(&level.value.data))
                text += '[' + std::to_string(array->size()) + ']';
            else
                text += (text.empty() ? "" : ".") + level.key;
        }
        return text;
    }
    [[nodiscard]] Place place() const { return {file_, 0, 0}; }

    template <class T> bool add(T&& data)
    {
        put({place(), std::forward<T>(data)});
        return true;
    }
    void put(Value value)
    {
        if (levels_.empty()) {
            root_ = std::move(value);
            return;
        }
        auto& level = levels_.back();
        if (auto* array = std::get_if<Array>(&level.value.data))
            array->push_back(std::move(value));
        else
            std::get<Table>(level.value.data).push_back({level.key, place(), std::move(value)});
    }
    template <class T> bool open(T&& data)
    {
        if (levels_.size() >= max_depth) {
            complain("", "the JSON is nested deeper than " + std::to_string(max_depth) + " levels");
            return false;
        }
        levels_.push_back({{place(), std::forward<T>(data)}, {}});
        return true;
    }
    bool close()
    {
        auto value = std::move(levels_.back().value);
        levels_.pop_back();
        put(std::move(value));
        return true;
    }
    // And goes on, to find all that is wrong.
    bool refuse(const char* what)
    {
        complain(path(), what);
        return add(Moment{});
    }
    void complain(const std::string& path, std::string what)
    {
        failed_ = true;
        complaints_.add(place(), path, std::move(what));
    }

    std::size_t file_;
    Complaints& complaints_;
    std::vector<Level> levels_;
    Value root_{{}, Moment{}};
    bool failed_ = false;
};

} // namespace

bool looks_like_json(std::string_view text)
{
    const auto first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && text[first] == '{';
}

std::optional<Table> parse_json_table(std::string_view text, std::size_t file, Complaints& complaints)
{
    Building building(file, complaints);
    (void)json::sax_parse(text, &building); // false: it has complained
    return building.result();
}

std::optional<Table> parse_declaration(std::string_view text, std::size_t file, Complaints& complaints)
{
    return looks_like_json(text) ? parse_json_table(text, file, complaints) : parse(text, file, complaints);
}

bool same_declaration(std::string_view a, std::string_view b)
{
    if (a == b) return true;
    Complaints ignored{Origin{{""}}};
    const auto one = parse_declaration(a, 0, ignored);
    const auto other = parse_declaration(b, 0, ignored);
    return one && other && same(*one, *other);
}

} // namespace processd::config
