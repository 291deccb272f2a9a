// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/report/secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fnmatch.h>
#include <nlohmann/json.hpp>

namespace report {
namespace {

using nlohmann::json;

constexpr const char* hidden = "***";
constexpr std::string_view blanks = " \t\r\n\v\f";

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.'; }

// --password-file names a file, not a secret.
bool names_secret(std::string_view name)
{
    static constexpr std::array<std::string_view, 10> inside{"password", "passwd",     "passphrase", "secret",
                                                             "token",    "credential", "apikey",     "privatekey",
                                                             "authkey",  "accesskey"};
    static constexpr std::array<std::string_view, 4> whole{"pass", "pwd", "pw", "userpass"};
    std::string plain;
    for (const char c : name)
        if (std::isalnum(static_cast<unsigned char>(c)) != 0)
            plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (plain.ends_with("file") || plain.ends_with("path") || plain.ends_with("dir")) return false;
    return std::find(whole.begin(), whole.end(), plain) != whole.end() ||
           std::any_of(inside.begin(), inside.end(), [&](auto word) { return plain.find(word) != std::string::npos; });
}

// An option without "=", whose secret is the next word.
bool is_secret_option(std::string_view word)
{
    return word.size() > 2 && word.front() == '-' && std::all_of(word.begin(), word.end(), is_name) &&
           names_secret(word);
}

// Where a value that begins at `from` ends; one in quotes at the second of them.
std::size_t end_of_value(std::string_view text, std::size_t from)
{
    if (from < text.size() && (text[from] == '"' || text[from] == '\'')) {
        const auto quote = text.find(text[from], from + 1);
        return quote == std::string_view::npos ? text.size() : quote + 1;
    }
    return std::min(text.find_first_of(" \t\r\n\v\f\"';&|)", from), text.size());
}

// "user:word@" and "user%word" behind -U, as smbclient and net take it.
std::string without_password_of_user(std::string_view text)
{
    const auto percent = text.find('%');
    return std::string(text.substr(0, percent)) + (percent == std::string_view::npos ? "" : std::string("%") + hidden);
}

std::string without_url_passwords(std::string_view text)
{
    std::string result;
    for (;;) {
        const auto scheme = text.find("://");
        if (scheme == std::string_view::npos) return result + std::string(text);
        const auto begin = scheme + 3;
        const auto end = std::min(text.find_first_of(" \t\r\n\"'/?#", begin), text.size());
        const auto at = text.substr(begin, end - begin).rfind('@');
        const auto colon = text.find(':', begin);
        if (at != std::string_view::npos && colon < begin + at) {
            result += std::string(text.substr(0, colon + 1)) + hidden;
            text.remove_prefix(begin + at);
        } else {
            result += text.substr(0, begin);
            text.remove_prefix(begin);
        }
    }
}

bool is_environment(std::string_view key) { return key == "environment" || key == "env"; }

// {"key": "service.redact", "value": …}, as a configuration is shown.
std::string key_in(const json& object)
{
    const auto key = object.find("key");
    return key != object.end() && key->is_string() ? key->get<std::string>() : std::string();
}
bool ends_in_redact(const json& object) { return key_in(object).ends_with(".redact"); }
bool is_in_environment(const json& object)
{
    const auto key = key_in(object) + '.';
    return key.find(".environment.") != std::string::npos;
}

void forget_values(json& value)
{
    if (value.is_object())
        for (auto& below : value) below = nullptr;
}

} // namespace

std::string without_named_secrets(std::string_view text)
{
    std::string result;
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (!is_name(text[at])) {
            ++at;
            continue;
        }
        const auto begin = at;
        while (at < text.size() && is_name(text[at])) ++at;
        const auto name = text.substr(begin, at - begin);
        if (at == text.size() || !names_secret(name)) continue;
        // NAME=VALUE and NAME: VALUE, or an option and the next word.
        auto value = at;
        if (text[at] == '=' || text[at] == ':')
            value = text[at] == '=' ? at + 1 : std::min(text.find_first_not_of(blanks, at + 1), text.size());
        else if (name.front() == '-' && blanks.find(text[at]) != std::string_view::npos)
            value = std::min(text.find_first_not_of(blanks, at), text.size());
        else
            continue;
        at = end_of_value(text, value);
        if (at == value) continue;
        result += std::string(text.substr(done, value - done)) + hidden;
        done = at;
    }
    return without_url_passwords(result + std::string(text.substr(done)));
}

void Secrets::learn(const json& value)
{
    const auto take = [this](const json& patterns) {
        if (!patterns.is_array()) return;
        for (const auto& one : patterns)
            if (one.is_string()) patterns_.insert(one.get<std::string>());
    };
    if (value.is_object()) {
        if (ends_in_redact(value) && value.contains("value")) take(value["value"]);
        if (const auto redact = value.find("redact"); redact != value.end()) take(*redact);
    }
    if (value.is_structured())
        for (const auto& below : value)
            if (below.is_structured()) learn(below);
}

std::vector<std::string> Secrets::without(std::vector<std::string> command) const
{
    const auto given = command;
    for (auto& word : command) {
        const auto equals = word.find('=');
        if (word.starts_with('-') && equals != std::string::npos &&
            names_secret(std::string_view(word).substr(0, equals)))
            word = word.substr(0, equals + 1) + hidden; // with all blanks and quotes that are in it
        else
            word = without_named_secrets(word);
        if (word.starts_with("--user=") || (word.starts_with("-U") && word.size() > 2))
            word = without_password_of_user(word);
    }
    for (std::size_t i = 0; i + 1 < given.size(); ++i) {
        if (command[i] == hidden) continue; // no option but a secret
        if (is_secret_option(given[i])) command[i + 1] = hidden;
        if (given[i] == "-U" || given[i] == "--user") command[i + 1] = without_password_of_user(command[i + 1]);
    }
    for (const auto& pattern : patterns_) {
        const auto wildcard = pattern.find_first_of("*?[\\");
        for (std::size_t i = 1; i < given.size(); ++i) {
            if (wildcard == std::string::npos) {
                if (given[i] == pattern && i + 1 < given.size()) command[i + 1] = hidden;
            } else if (::fnmatch(pattern.c_str(), given[i].c_str(), 0) == 0) {
                command[i] = pattern.substr(0, wildcard) + hidden;
            }
        }
    }
    return command;
}

void Secrets::remove_from(json& value) const
{
    if (value.is_array()) {
        const bool words = !value.empty() &&
                           std::all_of(value.begin(), value.end(), [](const json& item) { return item.is_string(); });
        if (words)
            value = without(value.get<std::vector<std::string>>());
        else
            for (auto& item : value) remove_from(item);
        return;
    }
    if (!value.is_object()) return;
    const bool patterns = ends_in_redact(value);
    if (is_in_environment(value) && value.contains("value")) value["value"] = nullptr;
    for (auto& [key, below] : value.items()) {
        if (is_environment(key))
            forget_values(below);
        else if (key != "redact" && !(patterns && key == "value"))
            remove_from(below);
    }
}

} // namespace report
