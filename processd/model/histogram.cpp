// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/histogram.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

namespace processd::model {
namespace {

using std::chrono::microseconds;

std::vector<std::int64_t> in_us(Bounds bounds)
{
    std::vector<std::int64_t> numbers;
    for (const auto bound : bounds) numbers.push_back(std::chrono::duration_cast<microseconds>(bound).count());
    return numbers;
}

} // namespace

void Histogram::add(base::Duration value)
{
    value = std::max(value, base::Duration{}); // the wall clock may have been set back
    const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value);
    ++counts_[static_cast<std::size_t>(at - bounds_.begin())];
    sum_ += value;
}

std::uint64_t Histogram::count() const noexcept
{
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

void Histogram::write(JsonText& to) const
{
    to.object()
        .put("bounds_us", in_us(bounds_))
        .put("counts", counts_)
        .put("sum_us", std::chrono::duration_cast<microseconds>(sum_).count())
        .end_object();
}

void Histogram::read(const nlohmann::json& j)
{
    if (j.at("bounds_us").get<std::vector<std::int64_t>>() != in_us(bounds_)) return;
    auto counts = j.at("counts").get<std::vector<std::uint64_t>>();
    if (counts.size() != counts_.size()) return;
    counts_ = std::move(counts);
    sum_ = microseconds{j.at("sum_us").get<std::int64_t>()};
}

} // namespace processd::model
