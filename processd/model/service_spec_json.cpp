// SPDX-License-Identifier: GPL-3.0-or-later
// The stored form of a ServiceSpec: what a process was made with outlives the file that said so.
#include "processd/model/service_spec.h"

#include <nlohmann/json.hpp>

namespace processd::model {
namespace {

using nlohmann::json;

base::Duration duration(const json& j) { return std::chrono::milliseconds{j.get<std::int64_t>()}; }

template <class Word> Word word(const json& j, std::initializer_list<Word> words)
{
    const auto& name = j.get_ref<const std::string&>();
    for (const auto known : words)
        if (name_of(known) == name) return known;
    throw json::other_error::create(509, "unknown word of a service", &j);
}

} // namespace

void to_json(json& j, const ServiceSpec& spec)
{
    const auto& ready = spec.ready;
    const auto& restart = spec.restart;
    j = {{"name", spec.name},
         {"process", spec.process},
         {"auto", spec.auto_start},
         {"after", spec.after},
         {"requires", spec.requires_},
         {"binds_to", spec.binds_to},
         {"runtime_directory", spec.runtime_directory ? json(*spec.runtime_directory) : json(nullptr)},
         {"pre_start", spec.pre_start},
         {"post_stop", spec.post_stop},
         {"hook_timeout_ms", json_ms(spec.hook_timeout)},
         {"watchdog_ms", json_ms(spec.watchdog)},
         {"ready",
          {{"kind", name_of(ready.kind)},
           {"probe", ready.probe},
           {"every_ms", json_ms(ready.every)},
           {"reply_timeout_ms", json_ms(ready.reply_timeout)},
           {"fd", ready.fd},
           {"pattern", ready.pattern},
           {"timeout_ms", json_ms(ready.timeout)}}},
         {"checks", spec.checks},
         {"restart",
          {{"policy", name_of(restart.policy)},
           {"delay_ms", json_ms(restart.delay)},
           {"max_delay_ms", json_ms(restart.max_delay)},
           {"jitter_percent", restart.jitter_percent},
           {"reset_after_ms", json_ms(restart.reset_after)},
           {"burst", restart.burst},
           {"burst_window_ms", json_ms(restart.burst_window)},
           {"success_codes", restart.success_codes}}},
         {"stop",
          {{"command", spec.stop.command}, {"signal", spec.stop.signal}, {"timeout_ms", json_ms(spec.stop.timeout)}}}};
}

void from_json(const json& j, ServiceSpec& spec)
{
    spec.name = j.at("name");
    auto process = process_spec_from(j.at("process"), UnknownKeys::allowed);
    if (!process) throw json::other_error::create(510, process.error().message(), &j);
    spec.process = *std::move(process);
    spec.auto_start = j.at("auto");
    spec.after = j.at("after").get<std::vector<std::string>>();
    spec.requires_ = j.at("requires").get<std::vector<std::string>>();
    spec.binds_to = j.at("binds_to").get<std::vector<std::string>>();
    const auto& directory = j.at("runtime_directory");
    spec.runtime_directory = directory.is_null() ? std::nullopt : std::optional(directory.get<std::string>());
    spec.pre_start = j.at("pre_start").get<std::vector<std::vector<std::string>>>();
    spec.post_stop = j.at("post_stop").get<std::vector<std::vector<std::string>>>();
    spec.hook_timeout = duration(j.at("hook_timeout_ms"));
    spec.watchdog = duration(j.at("watchdog_ms"));
    const auto& ready = j.at("ready");
    spec.ready.kind = word(ready.at("kind"),
                           {ReadyKind::none, ReadyKind::notify, ReadyKind::fd, ReadyKind::output, ReadyKind::probe});
    spec.ready.probe = ready.at("probe").get<ProbeSpec>();
    spec.ready.every = duration(ready.at("every_ms"));
    spec.ready.reply_timeout = duration(ready.at("reply_timeout_ms"));
    spec.ready.fd = ready.at("fd");
    spec.ready.pattern = ready.at("pattern");
    spec.ready.timeout = duration(ready.at("timeout_ms"));
    spec.checks = j.at("checks").get<std::vector<CheckSpec>>();
    const auto& restart = j.at("restart");
    spec.restart.policy =
        word(restart.at("policy"), {RestartPolicy::always, RestartPolicy::on_failure, RestartPolicy::never});
    spec.restart.delay = duration(restart.at("delay_ms"));
    spec.restart.max_delay = duration(restart.at("max_delay_ms"));
    spec.restart.jitter_percent = restart.at("jitter_percent");
    spec.restart.reset_after = duration(restart.at("reset_after_ms"));
    spec.restart.burst = restart.at("burst");
    spec.restart.burst_window = duration(restart.at("burst_window_ms"));
    spec.restart.success_codes = restart.at("success_codes").get<std::set<int>>();
    const auto& stop = j.at("stop");
    spec.stop.command = stop.at("command").get<std::vector<std::string>>();
    spec.stop.signal = stop.at("signal");
    spec.stop.timeout = duration(stop.at("timeout_ms"));
}

} // namespace processd::model
