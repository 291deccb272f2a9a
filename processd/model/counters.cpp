// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/counters.h"

#include <nlohmann/json.hpp>

namespace processd::model {
namespace {

using nlohmann::json;
using std::chrono::microseconds;

std::int64_t us(base::WallTime time)
{
    return std::chrono::duration_cast<microseconds>(time.time_since_epoch()).count();
}

Labels labels_from(const json& j)
{
    Labels labels;
    for (const auto& pair : j) labels.emplace_back(pair.at(0), pair.at(1));
    return labels;
}

json stored_times(const TimeCounter& times)
{
    std::string text;
    JsonText to(text);
    times.times.write(to);
    auto j = json::parse(text);
    j["created_us"] = us(times.created);
    return j;
}

} // namespace

std::shared_ptr<Counter> Counters::counter(const std::string& family, const Labels& labels)
{
    auto& series = families_[family][labels];
    if (!series.counter) series.counter = std::make_shared<Counter>(Counter{0, base::wall_now()});
    return series.counter;
}

std::shared_ptr<TimeCounter> Counters::times(const std::string& family, const Labels& labels, Bounds bounds)
{
    auto& series = families_[family][labels];
    if (series.times) return series.times;
    series.times = std::make_shared<TimeCounter>(TimeCounter{Histogram{bounds}, base::wall_now()});
    if (const auto text = std::exchange(series.unread, {}); !text.empty()) {
        const auto j = json::parse(text);
        series.times->times.read(j);
        if (series.times->times.count() > 0)
            series.times->created = base::WallTime{microseconds{j.at("created_us").get<std::int64_t>()}};
    }
    return series.times;
}

std::vector<Labels> Counters::known(const std::string& family) const
{
    std::vector<Labels> all;
    if (const auto found = families_.find(family); found != families_.end())
        for (const auto& entry : found->second) all.push_back(entry.first);
    return all;
}

void Counters::write(MetricText& to, const std::string& family) const
{
    const auto found = families_.find(family);
    if (found == families_.end()) return;
    for (const auto& [labels, series] : found->second)
        if (series.counter)
            to.sample(labels, series.counter->value, series.counter->created);
        else if (series.times)
            to.sample(labels, series.times->times, series.times->created);
}

void Counters::drop(const std::string& family, const std::function<bool(const Labels&)>& gone)
{
    const auto found = families_.find(family);
    if (found != families_.end()) std::erase_if(found->second, [&](const auto& entry) { return gone(entry.first); });
}

json Counters::stored() const
{
    json list = json::array();
    for (const auto& [family, all] : families_)
        for (const auto& [labels, series] : all) {
            json one{{"family", family}, {"labels", labels}};
            if (series.counter) {
                one["value"] = series.counter->value;
                one["created_us"] = us(series.counter->created);
            } else {
                one["times"] = series.times ? stored_times(*series.times) : json::parse(series.unread);
            }
            list.push_back(std::move(one));
        }
    return list;
}

void Counters::restore(const json& j)
{
    for (const auto& one : j) {
        auto& series = families_[one.at("family")][labels_from(one.at("labels"))];
        if (const auto times = one.find("times"); times != one.end())
            series.unread = times->dump();
        else
            series.counter = std::make_shared<Counter>(
                Counter{one.at("value"), base::WallTime{microseconds{one.at("created_us").get<std::int64_t>()}}});
    }
}

} // namespace processd::model
