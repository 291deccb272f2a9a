// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/probe/http.h"

#include <algorithm>

namespace processd::probe {

std::string get_request(std::string_view host, std::string_view path)
{
    std::string text = "GET ";
    text.append(path).append(" HTTP/1.1\r\nHost: ").append(host);
    return text.append("\r\nUser-Agent: ctdb-processd\r\nAccept: */*\r\nConnection: close\r\n\r\n");
}

base::Result<std::optional<int>> status_of(std::string_view answer)
{
    constexpr std::string_view version = "HTTP/1.";
    constexpr std::size_t enough = version.size() + 5; // "HTTP/1.1 200"
    const auto wrong = [] { return base::fail(base::Errc::corrupt, "its answer is not one of HTTP"); };
    if (!version.starts_with(answer.substr(0, version.size()))) return wrong();
    if (answer.size() < enough) return std::optional<int>{};
    const auto digits = answer.substr(version.size() + 2, 3);
    const bool good = answer[version.size() + 1] == ' ' && digits[0] >= '1' && digits[0] <= '5' &&
                      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!good) return wrong();
    return std::optional((digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0'));
}

} // namespace processd::probe
