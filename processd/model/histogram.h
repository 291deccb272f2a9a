// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/histogram.h: how often something took how long. The bounds of the buckets are fixed by what is
// measured, so that histograms of several nodes, and of one over time, can be added up.
#pragma once

#include "helpers/base/time.h"
#include "processd/model/json_text.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace processd::model {

using Bounds = std::span<const base::Duration>;

namespace bounds {
using namespace std::chrono_literals;
inline constexpr std::array<base::Duration, 15> run{2ms, 5ms, 10ms, 25ms, 50ms, 100ms, 250ms, 500ms,
                                                    1s,  5s,  10s,  1min, 5min, 1h,    24h};
inline constexpr std::array<base::Duration, 10> wait{1ms, 2ms, 5ms, 10ms, 25ms, 100ms, 500ms, 1s, 5s, 30s};
inline constexpr std::array<base::Duration, 12> request{250us, 500us, 1ms,   2500us, 5ms, 10ms,
                                                        25ms,  100ms, 500ms, 1s,     10s, 1min};
} // namespace bounds

class Histogram {
public:
    explicit Histogram(Bounds bounds) : bounds_(bounds), counts_(bounds.size() + 1) {}
    void add(base::Duration value);

    [[nodiscard]] Bounds bounds() const noexcept { return bounds_; }
    // One for each bound, not cumulative, and one for what is above all.
    [[nodiscard]] const std::vector<std::uint64_t>& counts() const noexcept { return counts_; }
    [[nodiscard]] std::uint64_t count() const noexcept;
    [[nodiscard]] base::Duration sum() const noexcept { return sum_; }

    void write(JsonText& to) const;
    // Throws nlohmann's exceptions. One with other bounds, of another version, is none.
    void read(const nlohmann::json& j);

private:
    Bounds bounds_;
    std::vector<std::uint64_t> counts_;
    base::Duration sum_{};
};

} // namespace processd::model
