// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/log_plan.h"

#include <algorithm>

namespace processd::supervisor {
namespace {

using Names = std::optional<std::vector<std::string>>;

// Appends the sinks of one file and returns their indices.
std::vector<std::size_t> add_sinks(LogPlan& plan, const std::string& service, const std::vector<model::SinkSpec>& specs)
{
    std::vector<std::size_t> added;
    for (const auto& spec : specs) {
        // A file may move from one configuration file to another and is still the same; a receiver may have several.
        std::string key{model::name_of(spec.kind)};
        if (spec.kind == model::SinkKind::file)
            key += " " + spec.path;
        else if (spec.kind != model::SinkKind::standard_error)
            key += " " + service + " " + spec.name + " " + spec.path + spec.address;
        while (std::any_of(plan.sinks.begin(), plan.sinks.end(), [&](const auto& s) { return s.key == key; }))
            key += "+";
        added.push_back(plan.sinks.size());
        plan.sinks.push_back({std::move(key), service, spec});
    }
    return added;
}

// The sinks that are named, a service's own before the others.
std::vector<std::size_t> find_sinks(const LogPlan& plan, const std::string& service,
                                    const std::vector<std::string>& names)
{
    std::vector<std::size_t> found;
    for (const auto& name : names)
        for (const auto& owner : {service, std::string()}) {
            const auto at = std::find_if(plan.sinks.begin(), plan.sinks.end(), [&](const PlannedSink& sink) {
                return sink.service == owner && sink.spec.name == name;
            });
            if (at == plan.sinks.end()) continue;
            found.push_back(static_cast<std::size_t>(at - plan.sinks.begin()));
            break;
        }
    return found;
}

std::vector<std::size_t> joined(std::vector<std::size_t> a, const std::vector<std::size_t>& b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

} // namespace

LogPlan plan_logs(const model::Configuration& configuration)
{
    LogPlan plan;
    const auto& logs = configuration.daemon.logs;
    const auto all = add_sinks(plan, "", logs.sinks.empty() ? std::vector<model::SinkSpec>(1) : logs.sinks);
    const auto chosen = [&](const std::string& service, const Names& names, const std::vector<std::size_t>& otherwise) {
        return names ? find_sinks(plan, service, *names) : otherwise;
    };
    plan.usual = {{chosen("", logs.out, all), chosen("", logs.err, all)},
                  logs.rate_lines.value_or(0),
                  logs.rate_period.value_or(std::chrono::seconds{1})};
    const auto route = [&](const std::string& name, const model::LogSpec& own) {
        if (own == model::LogSpec{}) return;
        const auto added = add_sinks(plan, name, own.sinks);
        plan.services[name] = {{chosen(name, own.out, joined(plan.usual.sinks[0], added)),
                                chosen(name, own.err, joined(plan.usual.sinks[1], added))},
                               own.rate_lines.value_or(plan.usual.rate_lines),
                               own.rate_period.value_or(plan.usual.rate_period)};
    };
    for (const auto& [name, service] : configuration.services) route(name, service.logs);
    for (const auto& [name, job] : configuration.jobs) route(name, job.logs);
    return plan;
}

} // namespace processd::supervisor
