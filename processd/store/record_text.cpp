// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/store/record_text.h"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

namespace processd::store {
namespace {

constexpr std::size_t size_step = 1024;
constexpr std::string_view full_mark = "R1";
constexpr std::string_view id_only_mark = "I1";
constexpr std::string_view none = "-";
constexpr std::string_view hex = "0123456789abcdef";

// One word without blanks for any bytes: "%20" for a blank, "-" for nothing.
void append_word(std::string& to, std::string_view text)
{
    to += ' ';
    if (text.empty()) to += none;
    if (text == none) {
        to += "%2d";
        return;
    }
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > ' ' && byte != 0x7f && byte != '%') {
            to += c;
        } else {
            to += '%';
            to += hex[byte >> 4U];
            to += hex[byte & 15U];
        }
    }
}

std::optional<std::string> text_of(std::string_view word)
{
    if (word == none) return std::string{};
    std::string text;
    for (std::size_t i = 0; i < word.size(); ++i) {
        if (word[i] != '%') {
            text += word[i];
            continue;
        }
        if (i + 2 >= word.size()) return std::nullopt;
        const auto high = hex.find(word[i + 1]), low = hex.find(word[i + 2]);
        if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
        text += static_cast<char>(high << 4U | low);
        i += 2;
    }
    return text;
}

template <class Int> std::optional<Int> number_of(std::string_view word)
{
    Int value{};
    const auto [rest, problem] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (problem != std::errc{} || rest != word.data() + word.size()) return std::nullopt;
    return value;
}

std::optional<model::RunState> state_of(std::string_view name)
{
    using enum model::RunState;
    for (const auto state : {starting, running, stopping, ended})
        if (model::name_of(state) == name) return state;
    return std::nullopt;
}

std::int64_t to_us(base::WallTime time) { return base::to_ns(time) / 1000; }

std::string head_line(const Head& head)
{
    std::string line{head.id_only ? id_only_mark : full_mark};
    append_word(line, model::name_of(head.kind));
    append_word(line, model::name_of(head.state));
    append_word(line, head.outcome ? model::name_of(*head.outcome) : "");
    append_word(line, std::to_string(head.created_us));
    append_word(line, std::to_string(head.ended_us));
    append_word(line, head.duration_us ? std::to_string(*head.duration_us) : "");
    append_word(line, std::to_string(head.fingerprint));
    append_word(line, head.id);
    append_word(line, head.parent);
    append_word(line, head.name);
    line += '\n';
    return line;
}

auto malformed(std::string_view what)
{
    return base::fail(base::Errc::corrupt, "a stored record " + std::string(what));
}

} // namespace

std::string number_key(std::uint64_t number)
{
    std::string key(sizeof number, '\0');
    for (std::size_t i = key.size(); i-- > 0; number >>= 8U) key[i] = static_cast<char>(number & 0xffU);
    return key;
}

std::optional<std::uint64_t> number_from_key(std::string_view key)
{
    if (key.size() != sizeof(std::uint64_t)) return std::nullopt;
    std::uint64_t number = 0;
    for (const char c : key) number = number << 8U | static_cast<unsigned char>(c);
    return number;
}

Head head_of(const model::RunRecord& record)
{
    Head head;
    head.kind = record.kind;
    head.state = record.state;
    if (record.outcome) head.outcome = record.outcome->kind;
    head.created_us = to_us(record.created);
    head.ended_us = to_us(record.ended);
    if (record.duration) head.duration_us = record.duration->count() / 1000;
    head.fingerprint = record.fingerprint;
    head.id = record.id;
    head.parent = record.parent.value_or("");
    head.name = record.name;
    return head;
}

std::string encode_record(const model::RunRecord& record)
{
    auto value = head_line(head_of(record));
    const auto text = model::stored_text(record);
    value.append(text.body).append("\n").append(text.tail).append("\n");
    value.resize((value.size() + size_step - 1) / size_step * size_step, ' ');
    return value;
}

std::string encode_id_only(Head head)
{
    head.id_only = true;
    return head_line(head);
}

base::Result<Head> decode_head(std::string_view value)
{
    const auto end = value.find('\n');
    if (end == std::string_view::npos) return malformed("has no first line");
    std::array<std::string_view, 11> word;
    std::size_t words = 0;
    for (auto rest = value.substr(0, end); words < word.size();) {
        const auto blank = rest.find(' ');
        word[words++] = rest.substr(0, blank);
        if (blank == std::string_view::npos) break;
        rest.remove_prefix(blank + 1);
    }
    Head head;
    head.id_only = word[0] == id_only_mark;
    if (!head.id_only && word[0] != full_mark)
        return malformed("is of an unknown version, \"" + std::string(word[0].substr(0, 16)) + "\"");
    if (words != word.size()) return malformed("has a first line that is too short");

    const auto kind = model::run_kind(word[1]);
    const auto state = state_of(word[2]);
    if (word[3] != none) {
        head.outcome = model::outcome_kind(word[3]);
        if (!head.outcome) return malformed("has an unknown outcome");
    }
    const auto created = number_of<std::int64_t>(word[4]), ended = number_of<std::int64_t>(word[5]);
    if (word[6] != none) {
        head.duration_us = number_of<std::int64_t>(word[6]);
        if (!head.duration_us) return malformed("has a malformed duration");
    }
    const auto fingerprint = number_of<std::uint64_t>(word[7]);
    auto id = text_of(word[8]), parent = text_of(word[9]), name = text_of(word[10]);
    if (!kind || !state || !created || !ended || !fingerprint || !id || !parent || !name)
        return malformed("has a malformed first line");
    head.kind = *kind;
    head.state = *state;
    head.created_us = *created;
    head.ended_us = *ended;
    head.fingerprint = *fingerprint;
    head.id = *std::move(id);
    head.parent = *std::move(parent);
    head.name = *std::move(name);
    return head;
}

base::Result<model::RunRecord> decode_record(std::string_view value, bool with_tail)
{
    if (!value.starts_with(full_mark)) return malformed("is of an unknown version or only an id");
    std::array<std::string_view, 3> line;
    for (auto& one : line) {
        const auto end = value.find('\n');
        if (end == std::string_view::npos) return malformed("is cut short");
        one = value.substr(0, end);
        value.remove_prefix(end + 1);
    }
    auto body = line[1];
    if (!body.ends_with('}')) return malformed("has a body that is no JSON object");
    body.remove_suffix(1);
    std::string text;
    text.reserve(body.size() + 16 + (with_tail ? line[2].size() : 2));
    text.append(body).append(",\"tail\":").append(with_tail ? line[2] : "[]").append("}");
    return model::parse_run_record(text);
}

} // namespace processd::store
