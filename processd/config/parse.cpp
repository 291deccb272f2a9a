// SPDX-License-Identifier: GPL-3.0-or-later
// The one source that knows toml++.
#include "processd/config/document.h"

#include <algorithm>
#include <limits>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 16 // arrays and inline tables within each other
#include <toml++/toml.h>

namespace processd::config {
namespace {

constexpr int max_dots = 16; // in one key: a.b.c has two

Place place_of(const toml::source_region& source, std::size_t file)
{
    return {file, source.begin.line, source.begin.column};
}

// toml++ bounds nested brackets but not dotted keys: a megabyte of "a.a.a…" makes tables so deep that destroying them
// exhausts the stack. This finds such a key first: it only has to agree with TOML about what is a string or a comment.
class DottedKeys {
public:
    explicit DottedKeys(std::string_view text) : text_(text) {}

    [[nodiscard]] std::optional<Place> too_deep(std::size_t file)
    {
        int dots = 0;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '"' || c == '\'') {
                skip_string(c);
                continue;
            }
            if (c == '#') {
                at_ = std::min(text_.find('\n', at_), text_.size());
                continue;
            }
            if (c == '.') {
                if (++dots > max_dots) return here(file);
            } else if (std::string_view("\n=,[]{}").find(c) != std::string_view::npos) {
                dots = 0;
            }
            ++at_;
        }
        return std::nullopt;
    }

private:
    void skip_string(char quote)
    {
        const std::string three(3, quote);
        const bool long_form = text_.substr(at_, 3) == three;
        for (at_ += long_form ? 3 : 1; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (c == '\\' && quote == '"') {
                ++at_;
            } else if (long_form && text_.substr(at_, 3) == three) {
                at_ += 3;
                while (at_ < text_.size() && text_[at_] == quote) ++at_; // """" ends with a quote as its last character
                return;
            } else if (!long_form && c == '\n') {
                return; // unterminated: the parser will say so
            } else if (!long_form && c == quote) {
                ++at_;
                return;
            }
        }
    }
    [[nodiscard]] Place here(std::size_t file) const
    {
        const auto before = text_.substr(0, at_);
        const auto line_start = before.rfind('\n') + 1; // npos + 1 is 0
        return {file, static_cast<std::uint32_t>(1 + std::count(before.begin(), before.end(), '\n')),
                static_cast<std::uint32_t>(1 + at_ - line_start)};
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

Table table_from(const toml::table& source, std::size_t file);

Value value_from(const toml::node& node, std::size_t file)
{
    Value value{place_of(node.source(), file), Moment{}};
    if (const auto* text = node.as_string()) {
        value.data = text->get();
    } else if (const auto* number = node.as_integer()) {
        value.data = number->get();
    } else if (const auto* fraction = node.as_floating_point()) {
        value.data = fraction->get();
    } else if (const auto* truth = node.as_boolean()) {
        value.data = truth->get();
    } else if (const auto* array = node.as_array()) {
        Array items;
        items.reserve(array->size());
        for (const auto& item : *array) items.push_back(value_from(item, file));
        value.data = std::move(items);
    } else if (const auto* table = node.as_table()) {
        value.data = table_from(*table, file);
    }
    return value;
}

Table table_from(const toml::table& source, std::size_t file)
{
    Table table;
    table.reserve(source.size());
    for (const auto& [key, node] : source)
        table.push_back({std::string(key.str()), place_of(key.source(), file), value_from(node, file)});
    std::sort(table.begin(), table.end(), [](const Entry& a, const Entry& b) { return a.key < b.key; });
    return table;
}

} // namespace

std::optional<Table> parse(std::string_view text, std::size_t file, Complaints& complaints)
{
    if (const auto deep = DottedKeys{text}.too_deep(file)) {
        complaints.add(*deep, "", "a key has more than " + std::to_string(max_dots) + " dots; write tables instead");
        return std::nullopt;
    }
    const toml::parse_result result = toml::parse(text);
    if (!result) {
        const auto& error = result.error();
        complaints.add(place_of(error.source(), file), "", "not TOML: " + std::string(error.description()));
        return std::nullopt;
    }
    return table_from(result.table(), file);
}

} // namespace processd::config
