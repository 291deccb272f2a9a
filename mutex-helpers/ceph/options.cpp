// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/ceph/options.h"

#include <algorithm>
#include <charconv>

namespace ceph {

using namespace std::chrono_literals;

std::optional<Options> parse_options(const std::vector<std::string>& arguments)
{
    Options options;
    std::vector<std::string> words;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto& argument = arguments[i];
        if (argument == "-R") {
            options.register_service = false;
        } else if (argument.starts_with("-n")) {
            if (argument.size() == 2 && ++i == arguments.size()) return std::nullopt;
            options.name_space = argument.size() == 2 ? arguments[i] : argument.substr(2);
        } else if (argument.size() > 1 && argument.front() == '-') {
            return std::nullopt;
        } else {
            words.push_back(argument);
        }
    }
    if (words.size() < 4 || words.size() > 5) return std::nullopt;
    options.cluster = words[0];
    options.user = words[1];
    options.pool = words[2];
    options.object = words[3];
    if (words.size() == 5) {
        const auto& text = words[4];
        unsigned seconds = 0;
        const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
        if (problem != std::errc{} || rest != text.data() + text.size() || seconds > 86400) return std::nullopt;
        options.duration = std::chrono::seconds(seconds);
    }
    return options;
}

base::Duration safe_part(std::chrono::seconds duration)
{
    const base::Duration whole = duration;
    return whole - std::min(std::max<base::Duration>(500ms, whole / 10), whole / 4); // renewed at its half
}

} // namespace ceph
