// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/counters.h: counters that nothing else remembers: requests, lines, what sinks have written. They go on
// over managers as one document, which is on record before any of it is told: so none is ever seen to go back.
//
// Whoever counts keeps what counter() gave and adds to it; a series that was dropped meanwhile is counted in vain.
#pragma once

#include "processd/model/metric_text.h"

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace processd::model {

struct Counter {
    std::uint64_t value = 0;
    base::WallTime created; // when counting began
};
struct TimeCounter {
    Histogram times;
    base::WallTime created;
};

class Counters {
public:
    // Made now where there is none. The labels of a family are always the same, in the same order.
    std::shared_ptr<Counter> counter(const std::string& family, const Labels& labels);
    std::shared_ptr<TimeCounter> times(const std::string& family, const Labels& labels, Bounds bounds);
    [[nodiscard]] std::vector<Labels> known(const std::string& family) const;
    // The samples of a family, which was announced.
    void write(MetricText& to, const std::string& family) const;
    // Those of a family that are not to stay.
    void drop(const std::string& family, const std::function<bool(const Labels&)>& gone);

    [[nodiscard]] nlohmann::json stored() const;
    // Before anybody counts. Throws nlohmann's exceptions.
    void restore(const nlohmann::json& j);

private:
    struct Series { // one of the three
        std::shared_ptr<Counter> counter;
        std::shared_ptr<TimeCounter> times;
        std::string unread; // times as they were stored, until somebody says which bounds they have
    };
    std::map<std::string, std::map<Labels, Series>> families_;
};

} // namespace processd::model
