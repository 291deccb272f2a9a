// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/option_values.h"

#include "helpers/base/duration.h"
#include "helpers/base/size.h"
#include "processd/ctl/moment.h"

#include <charconv>

namespace processd::ctl {
namespace {

bool is_limit_value(std::string_view text)
{
    std::uint64_t value = 0;
    const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    return text == "unlimited" || (problem == std::errc{} && rest == text.data() + text.size());
}

} // namespace

std::string is_duration(const std::string& text)
{
    const auto parsed = base::parse_duration(text);
    return parsed ? std::string() : parsed.error().message();
}

std::string to_moment(std::string& text)
{
    auto moment = moment_for_api(text, base::wall_now());
    if (!moment) return moment.error().message();
    text = *std::move(moment);
    return {};
}

std::string to_moment_if_one(std::string& text)
{
    if (auto moment = moment_for_api(text, base::wall_now())) text = *std::move(moment);
    return {};
}

std::string is_limit(const std::string& text)
{
    const auto equals = text.find('=');
    const auto value = equals == std::string::npos ? std::string() : text.substr(equals + 1);
    const auto colon = value.find(':');
    const bool fits = equals != 0 && is_limit_value(value.substr(0, colon)) &&
                      (colon == std::string::npos || is_limit_value(value.substr(colon + 1)));
    return fits ? ""
                : "\"" + text + "\" is not a limit: write NAME=N, NAME=unlimited or NAME=SOFT:HARD, like nofile=1024";
}

std::string is_assignment(const std::string& text)
{
    const auto equals = text.find('=');
    return equals == std::string::npos || equals == 0 ? "\"" + text + "\" is not NAME=VALUE" : "";
}

std::string is_octal(const std::string& text)
{
    const bool fits = !text.empty() && text.size() <= 4 && text.find_first_not_of("01234567") == std::string::npos &&
                      std::stoi(text, nullptr, 8) <= 0777;
    return fits ? "" : "\"" + text + "\" is not a umask: write octal digits up to 0777";
}

std::optional<std::vector<std::uint32_t>> parse_cpus(std::string_view text)
{
    std::vector<std::uint32_t> cpus;
    while (!text.empty()) {
        const auto comma = text.find(',');
        const auto item = text.substr(0, comma);
        std::uint32_t from = 0;
        const char* const end = item.data() + item.size();
        auto [rest, problem] = std::from_chars(item.data(), end, from);
        std::uint32_t to = from;
        if (problem == std::errc{} && rest != end && *rest == '-') {
            const auto second = std::from_chars(rest + 1, end, to);
            rest = second.ptr;
            problem = second.ec;
        }
        if (problem != std::errc{} || rest != end || to < from || to >= 4096) return std::nullopt;
        for (auto cpu = from; cpu <= to; ++cpu) cpus.push_back(cpu);
        if (comma != std::string_view::npos && comma + 1 == text.size()) return std::nullopt;
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    }
    return cpus;
}

std::string is_cpus(const std::string& text)
{
    const auto cpus = parse_cpus(text);
    return cpus && !cpus->empty() ? ""
                                  : "\"" + text + "\" is not a list of CPUs: write numbers and ranges, like 0,2,4-7";
}

std::optional<BindOption> parse_bind(std::string_view text)
{
    BindOption bind;
    if (text.ends_with(":ro")) {
        bind.read_only = true;
        text.remove_suffix(3);
    }
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || !text.starts_with('/') || text.substr(colon + 1, 1) != "/" ||
        text.find(':', colon + 1) != std::string_view::npos)
        return std::nullopt;
    bind.source = text.substr(0, colon);
    bind.target = text.substr(colon + 1);
    return bind;
}

std::string is_bind(const std::string& text)
{
    return parse_bind(text) ? ""
                            : "\"" + text +
                                  "\" is not a bind mount: write SOURCE:TARGET or SOURCE:TARGET:ro with "
                                  "absolute paths";
}

std::optional<std::pair<std::string, std::uint64_t>> parse_cgroup_limit(std::string_view name, std::string_view value)
{
    std::string key(name);
    if (name.starts_with("memory_")) {
        const auto bytes = base::parse_size(value);
        return bytes ? std::optional(std::pair{key + "_bytes", *bytes}) : std::nullopt;
    }
    if (name == "cpu_max") {
        if (!value.ends_with('%')) return std::nullopt;
        value.remove_suffix(1);
        key += "_percent";
    }
    std::uint64_t number = 0;
    const auto [rest, problem] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (problem != std::errc{} || rest != value.data() + value.size()) return std::nullopt;
    return std::pair{key, number};
}

std::string is_cgroup_limit(const std::string& text)
{
    const auto equals = text.find('=');
    const auto name = text.substr(0, equals);
    const bool fits = equals != std::string::npos && equals != 0 &&
                      (name.find('.') != std::string::npos || parse_cgroup_limit(name, text.substr(equals + 1)));
    return fits ? ""
                : "\"" + text +
                      "\" is not a limit of a cgroup: write NAME=VALUE, like memory_max=64MiB, pids_max=100, "
                      "cpu_weight=200 or cpu_max=150%";
}

std::vector<std::string> parse_list(std::string_view text)
{
    std::vector<std::string> words;
    while (!text.empty()) {
        const auto comma = text.find(',');
        words.emplace_back(text.substr(0, comma));
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    }
    return words;
}

} // namespace processd::ctl
