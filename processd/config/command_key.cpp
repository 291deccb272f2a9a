// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of a TableReader that hold commands: arrays of words, which no shell reads.
#include "processd/config/table_reader.h"

#include <algorithm>
#include <array>

namespace processd::config {
namespace {

std::string as_toml(const std::vector<std::string>& words)
{
    std::string text = "[";
    for (const auto& word : words) text += (text.size() > 1 ? ", " : "") + quoted(word);
    return text + "]";
}

std::vector<std::string> split_at_blanks(std::string_view text)
{
    std::vector<std::string> words;
    while (true) {
        const auto start = text.find_first_not_of(" \t\n");
        if (start == std::string_view::npos) return words;
        const auto end = std::min(text.find_first_of(" \t\n", start), text.size());
        words.emplace_back(text.substr(start, end - start));
        text.remove_prefix(end);
    }
}

// Why argv[0] cannot be run whatever the file system holds; empty when it may be.
std::string wrong_program(const std::string& program)
{
    if (program.empty()) return "names no program: its first string is empty";
    if (program.front() != '/' && program.find('/') != std::string::npos)
        return "starts " + quoted(program) +
               ", a relative path: write an absolute path, or a name without \"/\" to look it up in PATH";
    return {};
}

// What only a shell makes something of. As it may be meant (expr 6 '|' 0), it is no mistake.
bool is_shell_word(const std::string& word)
{
    static constexpr std::array<std::string_view, 10> words{"&&", "||", "|", "&", ">", ">>", "<", "2>", "2>&1", "&>"};
    return std::find(words.begin(), words.end(), word) != words.end();
}

} // namespace

std::optional<std::vector<std::string>> TableReader::argv(const Entry& entry, const Value& value, bool one_of_many)
{
    const auto wrong = [&](const Place& place, const std::string& message) {
        complain(place, entry.key, quoted(entry.key) + " " + message);
        return std::nullopt;
    };
    const auto* items = std::get_if<Array>(&value.data);
    if (items == nullptr) {
        const auto* text = std::get_if<std::string>(&value.data);
        auto words = split_at_blanks(text == nullptr ? "/bin/sleep 5" : std::string_view(*text));
        if (words.empty()) words = {"/bin/sleep", "5"};
        const auto right = one_of_many ? "[" + as_toml(words) + "]" : as_toml(words);
        if (text != nullptr)
            return wrong(value.place, std::string(one_of_many ? "is an array of commands, each an array of strings"
                                                              : "is an array, not a string for a shell") +
                                          ": write " + entry.key + " = " + right);
        return wrong(value.place,
                     "must be an array of strings, like " + right + ", not " + std::string(kind_of(value)));
    }
    if (items->empty()) return wrong(value.place, R"(is empty; it must name a program, like ["/bin/sleep", "5"])");
    std::vector<std::string> words;
    words.reserve(items->size());
    for (const auto& item : *items) {
        const auto* word = std::get_if<std::string>(&item.data);
        if (word == nullptr) {
            const auto* number = std::get_if<std::int64_t>(&item.data);
            return wrong(item.place, "must hold strings only, not " + std::string(kind_of(item)) +
                                         (number != nullptr ? ": write " + quoted(std::to_string(*number)) : ""));
        }
        if (word->find('\0') != std::string::npos) return wrong(item.place, "must not contain a NUL character");
        words.push_back(*word);
    }
    if (const auto problem = wrong_program(words.front()); !problem.empty())
        return wrong(items->front().place, problem);
    const auto for_shell = std::find_if(words.begin(), words.end(), is_shell_word);
    if (for_shell != words.end())
        warn(items->at(static_cast<std::size_t>(for_shell - words.begin())).place, entry.key,
             quoted(entry.key) + " is no shell, and hands " + quoted(*for_shell) +
                 " to the program as it is; for a shell write " + entry.key + R"( = ["sh", "-c", "…"])");
    return words;
}

bool TableReader::command(std::string_view key, std::vector<std::string>& value)
{
    const Entry* entry = find(key);
    if (entry == nullptr) return false;
    auto words = argv(*entry, entry->value, false);
    if (words) value = *std::move(words);
    return words.has_value();
}

bool TableReader::commands(std::string_view key, std::vector<std::vector<std::string>>& value)
{
    const Entry* entry = find(key);
    if (entry == nullptr) return false;
    const auto* items = std::get_if<Array>(&entry->value.data);
    if (items == nullptr) return argv(*entry, entry->value, true).has_value();
    if (!items->empty() && std::holds_alternative<std::string>(items->front().data)) {
        // The likeliest mistake: one command where an array of commands belongs.
        std::vector<std::string> words;
        for (const auto& item : *items)
            if (const auto* word = std::get_if<std::string>(&item.data)) words.push_back(*word);
        complain(*entry, quoted(key) + " is an array of commands, each an array of strings: write " + std::string(key) +
                             " = [" + as_toml(words) + "]");
        return false;
    }
    std::vector<std::vector<std::string>> found;
    for (const auto& item : *items) {
        auto words = argv(*entry, item, true);
        if (!words) return false;
        found.push_back(*std::move(words));
    }
    value = std::move(found);
    return true;
}

} // namespace processd::config
