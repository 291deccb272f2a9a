// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/client_record.h"

#include "helpers/addresses/address_file.h"
#include "helpers/queued-db/ptrans_text.h"
#include "statd-callout/names.h"

#include <algorithm>
#include <charconv>

namespace callout {
namespace {

// The text between the quotes of NAME(N) = "TEXT", with \XX for what is no text.
std::optional<std::string> parse_field(std::string_view line, std::string_view name)
{
    if (!line.starts_with(name)) return std::nullopt;
    const auto open = line.find("= \"");
    if (open == std::string_view::npos || line.size() < open + 4 || line.back() != '"') return std::nullopt;
    line = line.substr(open + 3, line.size() - open - 4);
    std::string text;
    while (!line.empty()) {
        if (line.front() == '\\' && line.size() >= 3)
            if (const auto byte = queued_db::parse_part("0x" + std::string(line.substr(1, 2)))) {
                text += *byte;
                line.remove_prefix(3);
                continue;
            }
        text += line.front();
        line.remove_prefix(1);
    }
    return text;
}

} // namespace

std::optional<ClientRecord> parse_key(std::string_view key)
{
    if (!key.starts_with(record_prefix)) return std::nullopt;
    key.remove_prefix(record_prefix.size());
    const auto at = key.find('@');
    if (at == std::string_view::npos || at == 0 || at + 1 == key.size()) return std::nullopt;
    return ClientRecord{std::string(key.substr(0, at)), std::string(key.substr(at + 1)), {}};
}

std::optional<std::string> parse_queue_line(std::string_view text, std::string_view key)
{
    const auto start = '"' + std::string(key) + "\" \"";
    if (!text.starts_with(start)) return std::nullopt;
    text.remove_prefix(start.size());
    const auto close = text.find('"');
    if (close == std::string_view::npos || text.substr(close) != "\"\n") return std::nullopt;
    return std::string(text.substr(0, close));
}

std::vector<ClientRecord> parse_catdb(std::string_view text, std::map<std::string, std::int32_t>* states)
{
    std::vector<ClientRecord> records;
    std::optional<std::string> key;
    for (const auto& line : addresses::parse_lines(text)) {
        if (line.starts_with("key(")) key = parse_field(line, "key(");
        if (!line.starts_with("data(") || !key) continue;
        auto record = parse_key(*key);
        const auto value = parse_field(line, "data(").value_or("");
        if (record && !value.empty()) {
            record->value = value;
            records.push_back(std::move(*record));
        } else if (states != nullptr && key->starts_with(state_prefix)) {
            std::int32_t state = 0;
            std::from_chars(value.data(), value.data() + value.size(), state);
            (*states)[key->substr(state_prefix.size())] = state;
        }
        key.reset();
    }
    std::sort(records.begin(), records.end());
    return records;
}

} // namespace callout
