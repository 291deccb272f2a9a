// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/etcd/config.h"

#include <algorithm>
#include <charconv>

namespace etcd {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view blanks = " \t\r";

std::string_view trim(std::string_view text)
{
    const auto begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

tl::unexpected<base::Error> wrong(std::size_t line, const std::string& what)
{
    return base::fail(base::Errc::bad_input, "line " + std::to_string(line) + ": " + what);
}

// Words between blanks and commas; each an http or https URL of a server alone.
std::string read_endpoints(std::string_view value, std::vector<std::string>& into)
{
    into.clear();
    for (std::size_t at = 0; (at = value.find_first_not_of(" \t,", at)) != std::string_view::npos;) {
        const auto end = std::min(value.find_first_of(" \t,", at), value.size());
        auto url = value.substr(at, end - at);
        at = end;
        while (url.ends_with('/')) url.remove_suffix(1);
        const auto rest = url.starts_with("http://")    ? url.substr(7)
                          : url.starts_with("https://") ? url.substr(8)
                                                        : std::string_view{};
        if (rest.empty() || rest.find_first_of("/?#@\"\\") != std::string_view::npos)
            return "\"" + std::string(url) + "\" is not like https://host:2379";
        into.emplace_back(url);
    }
    return into.empty() ? "no endpoint" : "";
}

// What is wrong, or empty.
std::string set(Config& config, std::string_view key, std::string_view value)
{
    if (key == "endpoints") return read_endpoints(value, config.endpoints);
    if (key == "lock_ttl") {
        unsigned seconds = 0;
        const auto [rest, problem] = std::from_chars(value.data(), value.data() + value.size(), seconds);
        if (problem != std::errc{} || rest != value.data() + value.size() || seconds < 2 || seconds > 600)
            return "lock_ttl is a number of seconds from 2 to 600";
        config.ttl = std::chrono::seconds(seconds);
        return {};
    }
    struct Text {
        std::string_view key;
        std::string Config::*member;
    };
    static constexpr Text texts[] = {{"lock", &Config::lock},         {"ca_cert", &Config::ca_cert},
                                     {"cert", &Config::cert},         {"key", &Config::key},
                                     {"username", &Config::username}, {"password", &Config::password}};
    for (const auto& text : texts)
        if (text.key == key) {
            config.*(text.member) = value;
            return {};
        }
    return "there is no key \"" + std::string(key) +
           "\"; there are endpoints, lock, lock_ttl, ca_cert, cert, key, username, password";
}

} // namespace

base::Result<Config> parse_config(std::string_view text)
{
    Config config;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = text.find('\n');
        const auto line = trim(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty() || line.front() == '#' || line.front() == ';') continue;
        if (line.find('\0') != std::string_view::npos) return wrong(number, "a zero byte");
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) return wrong(number, "not \"key = value\"");
        const auto key = trim(line.substr(0, equals)), value = trim(line.substr(equals + 1));
        if (value.empty()) return wrong(number, "no value");
        if (const auto why = set(config, key, value); !why.empty()) return wrong(number, why);
    }
    if (config.cert.empty() != config.key.empty()) return base::fail(base::Errc::bad_input, "cert and key go together");
    if (config.username.empty() != config.password.empty())
        return base::fail(base::Errc::bad_input, "username and password go together");
    return config;
}

base::Duration safe_part(std::chrono::seconds ttl)
{
    return ttl - std::max<base::Duration>(500ms, base::Duration(ttl) / 10);
}

} // namespace etcd
