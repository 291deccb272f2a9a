// SPDX-License-Identifier: GPL-3.0-or-later
// The stored form of a Service: {"state": NAME, …the state's own values…, "wanted", "failures" …}.
#include "processd/model/service.h"

#include <array>
#include <nlohmann/json.hpp>

namespace processd::model {
namespace {

using nlohmann::json;
using namespace service;

constexpr std::array<std::string_view, 5> why_names{"never_started", "stopped", "completed", "failed", "unmet"};

json time_json(base::Time t) { return base::to_ns(t); }
json time_json(const std::optional<base::Time>& t) { return t ? json(base::to_ns(*t)) : json(nullptr); }
base::Time time_of(const json& j) { return base::time_from_ns(j.get<std::int64_t>()); }
std::optional<base::Time> optional_time(const json& j)
{
    return j.is_null() ? std::nullopt : std::optional(time_of(j));
}

struct ToJson {
    json& j;
    void operator()(const Down& s) const
    {
        j["state"] = "down";
        j["why"] = why_names[static_cast<std::size_t>(s.why)];
    }
    void operator()(const Waiting&) const { j["state"] = "waiting"; }
    void operator()(const PreStart& s) const
    {
        j["state"] = "pre_start";
        j["index"] = s.index;
    }
    void operator()(const Starting& s) const
    {
        j["state"] = "starting";
        j["spawned"] = s.spawned;
        j["probing"] = s.probing;
        j["probe_at"] = time_json(s.probe_at);
        j["ready_by"] = time_json(s.ready_by);
    }
    void operator()(const Ready& s) const
    {
        j["state"] = "ready";
        j["since"] = time_json(s.since);
        j["alive_by"] = time_json(s.alive_by);
    }
    void operator()(const StopCommand& s) const
    {
        j["state"] = "stop_command";
        j["deadline"] = time_json(s.deadline);
        j["running"] = s.running;
        j["ended"] = s.ended ? json(*s.ended) : json(nullptr);
    }
    void operator()(const Stopping&) const { j["state"] = "stopping"; }
    void operator()(const PostStop& s) const
    {
        j["state"] = "post_stop";
        j["index"] = s.index;
    }
    void operator()(const BackOff& s) const
    {
        j["state"] = "back_off";
        j["until"] = time_json(s.until);
    }
};

State state_from(const json& j)
{
    const auto& name = j.at("state").get_ref<const std::string&>();
    if (name == "waiting") return Waiting{};
    if (name == "pre_start") return PreStart{j.at("index")};
    if (name == "starting")
        return Starting{j.at("spawned"), j.at("probing"), optional_time(j.at("probe_at")),
                        optional_time(j.at("ready_by"))};
    if (name == "ready") return Ready{time_of(j.at("since")), optional_time(j.at("alive_by"))};
    if (name == "stop_command") {
        const auto& ended = j.at("ended");
        return StopCommand{time_of(j.at("deadline")), j.at("running"),
                           ended.is_null() ? std::nullopt : std::optional(ended.get<Outcome>())};
    }
    if (name == "stopping") return Stopping{};
    if (name == "post_stop") return PostStop{j.at("index")};
    if (name == "back_off") return BackOff{time_of(j.at("until"))};
    if (name != "down") throw json::other_error::create(507, "unknown state of a service", &j);
    const auto& why = j.at("why").get_ref<const std::string&>();
    for (std::size_t i = 0; i < why_names.size(); ++i)
        if (why_names[i] == why) return Down{static_cast<Why>(i)};
    throw json::other_error::create(508, "unknown reason of a service to be down", &j);
}

} // namespace

void to_json(json& j, const Service& s)
{
    j = json::object();
    std::visit(ToJson{j}, s.state);
    j["wanted"] = s.wanted;
    j["restart"] = s.restart;
    j["unready"] = s.unready;
    j["failures"] = s.failures;
    j["restarts"] = s.restarts;
    json starts = json::array();
    for (const auto t : s.starts) starts.push_back(time_json(t));
    j["starts"] = std::move(starts);
    j["last"] = s.last ? json(*s.last) : json(nullptr);
    j["last_why"] = s.last_why;
    j["reason"] = s.reason;
}

void from_json(const json& j, Service& s)
{
    s.state = state_from(j);
    s.wanted = j.at("wanted");
    s.restart = j.at("restart");
    s.unready = j.at("unready");
    s.failures = j.at("failures");
    s.restarts = j.at("restarts");
    s.starts.clear();
    for (const auto& t : j.at("starts")) s.starts.push_back(time_of(t));
    const auto& last = j.at("last");
    s.last = last.is_null() ? std::nullopt : std::optional(last.get<Outcome>());
    s.last_why = j.value("last_why", std::string());
    s.reason = j.at("reason");
}

} // namespace processd::model
