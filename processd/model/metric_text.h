// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/metric_text.h: metrics as text, in the format OpenMetrics 1.0 or in the older one of Prometheus,
// 0.0.4, which is what `promtool check metrics` and node_exporter's text files take. docs/metrics.md lists what we
// have.
//
// Families come one after the other, each with all of its samples; one without samples is announced all the same, so
// that a reader knows what there is. Label values may be any bytes.
#pragma once

#include "helpers/base/time.h"
#include "processd/model/histogram.h"

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace processd::model {

enum class MetricFormat { openmetrics, prometheus };
enum class MetricType { counter, gauge, histogram, info };

using Labels = std::vector<std::pair<std::string, std::string>>;

std::string_view content_type(MetricFormat format);

class MetricText {
public:
    explicit MetricText(MetricFormat format) : format_(format) {}

    // name as OpenMetrics has it, without _total and _info; a unit is the name's end. help is a sentence without its
    // dot.
    void family(std::string_view name, MetricType type, std::string_view unit, std::string_view help);

    // created: since when it counts.
    template <std::integral T> void sample(const Labels& labels, T value, base::WallTime created = {})
    {
        put({}, labels, std::to_string(value));
        put_created(labels, created);
    }
    void sample(const Labels& labels, bool value) { put({}, labels, value ? "1" : "0"); }
    void sample(const Labels& labels, base::Duration seconds, base::WallTime created = {});
    void sample(const Labels& labels, base::WallTime time); // seconds since 1970
    void sample(const Labels& labels, const Histogram& histogram, base::WallTime created);

    [[nodiscard]] std::string finish() &&;

private:
    void put(std::string_view suffix, const Labels& labels, std::string_view value, std::string_view le = {});
    void put_created(const Labels& labels, base::WallTime created);

    MetricFormat format_;
    std::string text_;
    std::string name_; // of the family
    MetricType type_ = MetricType::gauge;
};

} // namespace processd::model
