// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/addresses/owners.h"

#include "helpers/addresses/address_file.h"
#include "helpers/command/command.h"

#include <charconv>

namespace addresses {
namespace {

bool parse_number(std::string_view text, int& number)
{
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    return problem == std::errc{} && end == text.data() + text.size();
}

base::Result<std::string> ask(std::vector<std::string> argv, std::initializer_list<const char*> words,
                              base::Duration timeout)
{
    argv.insert(argv.end(), words.begin(), words.end());
    auto ran = command::run(argv, {}, timeout);
    if (!ran) return tl::unexpected(ran.error());
    if (!ran->good()) return base::fail(base::Errc::unavailable, "ctdb " + argv.back() + " " + ran->reason());
    return std::move(ran->out);
}

} // namespace

Owners parse_owners(std::string_view text)
{
    Owners owners;
    for (const std::string_view line : parse_lines(text)) {
        if (line.front() != '|') continue;
        const auto second = line.find('|', 1);
        const auto third = second == std::string_view::npos ? second : line.find('|', second + 1);
        int pnn = nobody;
        if (third == std::string_view::npos || second == 1 ||
            !parse_number(line.substr(second + 1, third - second - 1), pnn))
            continue;
        owners[std::string(line.substr(1, second - 1))] = pnn;
    }
    return owners;
}

base::Result<Owners> ask_owners(const std::vector<std::string>& ctdb, base::Duration timeout)
{
    const auto text = ask(ctdb, {"-X", "ip", "all"}, timeout);
    if (!text) return tl::unexpected(text.error());
    return parse_owners(*text);
}

base::Result<int> ask_pnn(const std::vector<std::string>& ctdb, base::Duration timeout)
{
    const auto text = ask(ctdb, {"pnn"}, timeout);
    if (!text) return tl::unexpected(text.error());
    int pnn = nobody;
    const auto lines = parse_lines(*text);
    if (lines.empty() || !parse_number(lines.front(), pnn))
        return base::fail(base::Errc::unavailable, "ctdb pnn does not print a number");
    return pnn;
}

} // namespace addresses
