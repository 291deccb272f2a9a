// SPDX-License-Identifier: GPL-3.0-or-later
// tests/bench/figures.h: what is computed from many times of the same thing, and a line of JSON for ./bench to collect.
#pragma once

#include "helpers/base/time.h"

#include <string>
#include <vector>

namespace bench {

// The value below which the given part (0 … 1) of the samples lies. 0 for none.
double quantile(std::vector<double> samples, double part);

// {"median":…,"p99":…,"max":…,"samples":…}, in microseconds.
std::string distribution(const std::vector<double>& microseconds);

double microseconds(base::Duration duration);

[[noreturn]] void die(const std::string& sentence);

} // namespace bench
