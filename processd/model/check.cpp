// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

namespace processd::model {
namespace {

constexpr std::array<std::string_view, 2> level_names{"alive", "ready"};
constexpr std::array<std::string_view, 5> action_names{"none", "restart", "stop", "signal", "job"};

template <class Word, std::size_t N>
Word word_from(const nlohmann::json& j, const std::array<std::string_view, N>& names)
{
    const auto* const at = std::find(names.begin(), names.end(), j.get_ref<const std::string&>());
    if (at == names.end()) throw nlohmann::json::other_error::create(512, "unknown word of a check", &j);
    return static_cast<Word>(at - names.begin());
}

} // namespace

namespace check {
namespace {

struct Context {
    const CheckSpec& spec;
    base::Time now;
    double random;
};

// Each overload is one arrow of the diagram.

Step on(const Check& s, const Off&, const Begin&, const Context& c)
{
    // What is known of a failure goes on from an earlier manager; see Services::Impl::begin_checks.
    auto next = s;
    next.state = Pending{c.now + c.spec.start_delay};
    return {next, {}};
}

Step on(const Check& s, const Pending& p, const Tick&, const Context& c)
{
    if (c.now < p.at) return {s, {}};
    auto next = s;
    next.state = Asking{};
    ++next.questions;
    return {next, {Action::ask}};
}

Step on(const Check& s, const Asking&, const Answered& i, const Context& c)
{
    auto next = s;
    const auto jitter =
        std::llround(static_cast<double>(c.spec.every.count()) * c.random * c.spec.jitter_percent / 100.0);
    next.state = Pending{c.now + c.spec.every + base::Duration{jitter}};
    next.problem = i.problem;
    next.failures = i.problem.empty() ? 0 : s.failures + 1;
    const bool failing = i.problem.empty() ? false : s.failing || next.failures >= c.spec.threshold;
    next.failing = failing;
    if (failing == s.failing) return {next, {}};
    return {next, {failing ? Action::fails : Action::recovers}};
}

Step off(bool asking) { return {Check{}, asking ? std::vector{Action::cancel} : std::vector<Action>{}}; }
Step on(const Check&, const Pending&, const End&, const Context&) { return off(false); }
Step on(const Check&, const Asking&, const End&, const Context&) { return off(true); }

template <class S, class I> Step on(const Check& s, const S&, const I&, const Context&)
{
    return {s, {}};
} // no arrow: stay

} // namespace

Step step(const CheckSpec& spec, const Check& check, const Input& input, base::Time now, double random)
{
    const Context context{spec, now, random};
    return std::visit([&](const auto& state, const auto& i) { return on(check, state, i, context); }, check.state,
                      input);
}

std::optional<base::Time> deadline(const Check& check)
{
    const auto* pending = std::get_if<Pending>(&check.state);
    return pending != nullptr ? std::optional(pending->at) : std::nullopt;
}

} // namespace check

std::string_view name_of(Level level) { return level_names[static_cast<std::size_t>(level)]; }
std::string_view name_of(CheckAction action) { return action_names[static_cast<std::size_t>(action)]; }

void to_json(nlohmann::json& j, const CheckSpec& spec)
{
    j = {{"name", spec.name},
         {"probe", spec.probe},
         {"every_ms", json_ms(spec.every)},
         {"timeout_ms", json_ms(spec.timeout)},
         {"threshold", spec.threshold},
         {"start_delay_ms", json_ms(spec.start_delay)},
         {"jitter_percent", spec.jitter_percent},
         {"level", name_of(spec.level)},
         {"action", name_of(spec.action)},
         {"signal", spec.signal},
         {"job", spec.job}};
}

void from_json(const nlohmann::json& j, CheckSpec& spec)
{
    const auto duration = [&](const char* key) { return std::chrono::milliseconds{j.at(key).get<std::int64_t>()}; };
    spec.name = j.at("name");
    spec.probe = j.at("probe").get<ProbeSpec>();
    spec.every = duration("every_ms");
    spec.timeout = duration("timeout_ms");
    spec.threshold = j.at("threshold");
    spec.start_delay = duration("start_delay_ms");
    spec.jitter_percent = j.at("jitter_percent");
    spec.level = word_from<Level>(j.at("level"), level_names);
    spec.action = word_from<CheckAction>(j.at("action"), action_names);
    spec.signal = j.at("signal");
    spec.job = j.at("job");
}

} // namespace processd::model
