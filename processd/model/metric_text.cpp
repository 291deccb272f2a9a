// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/metric_text.h"

#include "processd/model/json.h"

namespace processd::model {
namespace {

// What a sample's name has behind its family's.
std::string_view suffix_of(MetricType type)
{
    switch (type) {
    case MetricType::counter: return "_total";
    case MetricType::info: return "_info";
    case MetricType::gauge:
    case MetricType::histogram: return {};
    }
    return {};
}

std::string_view word_for(MetricType type, MetricFormat format)
{
    switch (type) {
    case MetricType::counter: return "counter";
    case MetricType::gauge: return "gauge";
    case MetricType::histogram: return "histogram";
    case MetricType::info: return format == MetricFormat::openmetrics ? "info" : "gauge";
    }
    return "unknown";
}

// With as many decimals as it needs, but one at least: the canonical form of a bound.
std::string in_seconds(base::Duration duration)
{
    const bool negative = duration < base::Duration{};
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(negative ? -duration : duration).count();
    auto decimals = std::to_string(1'000'000 + us % 1'000'000).substr(1);
    while (decimals.size() > 1 && decimals.back() == '0') decimals.pop_back();
    return (negative ? "-" : "") + std::to_string(us / 1'000'000) + "." + decimals;
}

void append_escaped(std::string& to, std::string_view value)
{
    const bool text = is_utf8(value);
    for (const char c : value)
        if (c == '\n')
            to += "\\n";
        else if (c == '"' || c == '\\')
            (to += '\\') += c;
        else
            to += !text && static_cast<unsigned char>(c) >= 0x80U ? '?' : c;
}

} // namespace

std::string_view content_type(MetricFormat format)
{
    return format == MetricFormat::openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                               : "text/plain; version=0.0.4; charset=utf-8";
}

void MetricText::family(std::string_view name, MetricType type, std::string_view unit, std::string_view help)
{
    name_ = name;
    type_ = type;
    // The older format has no families: what is announced is the sample.
    const auto announced = name_ + std::string(format_ == MetricFormat::prometheus ? suffix_of(type) : "");
    text_.append("# TYPE ").append(announced).append(" ").append(word_for(type, format_)).append("\n");
    if (!unit.empty() && format_ == MetricFormat::openmetrics)
        text_.append("# UNIT ").append(announced).append(" ").append(unit).append("\n");
    text_.append("# HELP ").append(announced).append(" ").append(help).append("\n");
}

void MetricText::put(std::string_view suffix, const Labels& labels, std::string_view value, std::string_view le)
{
    text_.append(name_).append(suffix.empty() ? suffix_of(type_) : suffix);
    char separator = '{';
    const auto label = [&](std::string_view name, std::string_view text) {
        (text_ += std::exchange(separator, ',')).append(name).append("=\"");
        append_escaped(text_, text);
        text_ += '"';
    };
    for (const auto& [name, text] : labels) label(name, text);
    if (!le.empty()) label("le", le);
    if (separator == ',') text_ += '}';
    text_.append(" ").append(value).append("\n");
}

void MetricText::put_created(const Labels& labels, base::WallTime created)
{
    if (created != base::WallTime{} && format_ == MetricFormat::openmetrics)
        put("_created", labels, in_seconds(created.time_since_epoch()));
}

void MetricText::sample(const Labels& labels, base::Duration seconds, base::WallTime created)
{
    put({}, labels, in_seconds(seconds));
    put_created(labels, created);
}

void MetricText::sample(const Labels& labels, base::WallTime time)
{
    put({}, labels, in_seconds(time.time_since_epoch()));
}

void MetricText::sample(const Labels& labels, const Histogram& histogram, base::WallTime created)
{
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < histogram.counts().size(); ++i) {
        below += histogram.counts()[i];
        put("_bucket", labels, std::to_string(below),
            i < histogram.bounds().size() ? in_seconds(histogram.bounds()[i]) : "+Inf");
    }
    put("_count", labels, std::to_string(below));
    put("_sum", labels, in_seconds(histogram.sum()));
    put_created(labels, created);
}

std::string MetricText::finish() &&
{
    if (format_ == MetricFormat::openmetrics) text_ += "# EOF\n";
    return std::move(text_);
}

} // namespace processd::model
