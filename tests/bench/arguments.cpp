// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/arguments.h"

#include "tests/bench/figures.h"

#include <charconv>

namespace bench {

Arguments::Arguments(int argc, char** argv)
{
    if (argc < 2) die("usage: bench-run MEASUREMENT [--key value]… [-- COMMAND…]");
    measurement = argv[1];
    for (int i = 2; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--") {
            command.assign(argv + i + 1, argv + argc);
            return;
        }
        if (!word.starts_with("--") || i + 1 == argc) die("expected --key value, got " + word);
        values_[word.substr(2)] = argv[++i];
    }
}

std::string Arguments::text(const std::string& key) const
{
    const auto found = values_.find(key);
    if (found == values_.end()) die("--" + key + " is missing");
    return found->second;
}

std::string Arguments::text(const std::string& key, const std::string& otherwise) const
{
    const auto found = values_.find(key);
    return found == values_.end() ? otherwise : found->second;
}

int Arguments::number(const std::string& key, int otherwise) const
{
    const auto found = values_.find(key);
    if (found == values_.end()) return otherwise;
    int value = 0;
    const auto* end = found->second.data() + found->second.size();
    const auto result = std::from_chars(found->second.data(), end, value);
    if (result.ec != std::errc{} || result.ptr != end) die("--" + key + " is not a number");
    return value;
}

} // namespace bench
