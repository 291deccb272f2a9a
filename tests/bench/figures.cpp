// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/figures.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

namespace bench {

double quantile(std::vector<double> samples, double part)
{
    if (samples.empty()) return 0;
    std::sort(samples.begin(), samples.end());
    const auto last = static_cast<double>(samples.size() - 1);
    return samples[static_cast<std::size_t>(last * part + 0.5)];
}

std::string distribution(const std::vector<double>& microseconds)
{
    std::array<char, 160> text{};
    std::snprintf(text.data(), text.size(), R"({"median":%.1f,"p99":%.1f,"max":%.1f,"samples":%zu})",
                  quantile(microseconds, 0.5), quantile(microseconds, 0.99), quantile(microseconds, 1),
                  microseconds.size());
    return text.data();
}

double microseconds(base::Duration duration) { return std::chrono::duration<double, std::micro>(duration).count(); }

void die(const std::string& sentence)
{
    std::fprintf(stderr, "bench-run: %s\n", sentence.c_str());
    std::exit(1);
}

} // namespace bench
