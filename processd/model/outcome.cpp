// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/outcome.h"

#include "helpers/base/size.h"

#include <array>
#include <charconv>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sys/wait.h>

namespace processd::model {
namespace {

constexpr std::array<std::string_view, 6> kind_names{"exited",    "signaled",     "timed_out",
                                                     "cancelled", "spawn_failed", "lost"};

template <class T> void optional_from(const nlohmann::json& j, const char* key, std::optional<T>& value)
{
    const auto found = j.find(key);
    if (found != j.end() && !found->is_null()) value = found->get<T>();
}

// What is to be said of memory behind how it ended.
std::string memory_words(const Outcome& outcome)
{
    if (!outcome.oom.value_or(false)) return {};
    const bool itself = outcome.kind == OutcomeKind::signaled && outcome.signal == SIGKILL;
    std::string words = itself ? ": out of memory" : ", after one of its processes was killed: out of memory";
    if (outcome.oom_limit) words += " (limit " + base::format_size(*outcome.oom_limit, " ") + ")";
    return words;
}

} // namespace

Outcome outcome_from_wait(OutcomeKind kind, int wait_status)
{
    Outcome outcome;
    outcome.kind = kind;
    if (WIFEXITED(wait_status)) outcome.code = WEXITSTATUS(wait_status);
    if (WIFSIGNALED(wait_status)) {
        outcome.signal = WTERMSIG(wait_status);
        outcome.core = WCOREDUMP(wait_status);
    }
    return outcome;
}

std::string_view name_of(OutcomeKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

std::optional<OutcomeKind> outcome_kind(std::string_view name)
{
    for (std::size_t i = 0; i < kind_names.size(); ++i)
        if (kind_names[i] == name) return static_cast<OutcomeKind>(i);
    return std::nullopt;
}

std::string sentence(const Outcome& outcome)
{
    const auto how = [&]() -> std::string {
        if (outcome.code) return "exited with code " + std::to_string(*outcome.code);
        if (outcome.signal)
            return "killed by " + signal_name(*outcome.signal) + (outcome.core.value_or(false) ? " (core dumped)" : "");
        return "no exit status";
    };
    std::string text;
    switch (outcome.kind) {
    case OutcomeKind::exited:
    case OutcomeKind::signaled: text = how(); break;
    case OutcomeKind::timed_out: text = "timed out, then " + how(); break;
    case OutcomeKind::cancelled: text = "cancelled, then " + how(); break;
    case OutcomeKind::spawn_failed:
        text = "could not start: " + outcome.stage.value_or("spawn");
        if (outcome.errno_value.value_or(0) != 0) text += std::string(": ") + std::strerror(*outcome.errno_value);
        break;
    case OutcomeKind::lost: text = "lost: the keeper ended before it did"; break;
    }
    return text + memory_words(outcome);
}

std::string sentence(const Outcome& outcome, const std::string& why)
{
    return sentence(outcome) + (why.empty() ? "" : ": " + why);
}

std::string sentence(std::string_view subject, const Outcome& outcome, const std::string& why)
{
    const bool suffered = outcome.kind == OutcomeKind::cancelled || outcome.kind == OutcomeKind::signaled ||
                          outcome.kind == OutcomeKind::lost;
    return std::string(subject) + (suffered ? " was " : " ") + sentence(outcome, why);
}

std::string signal_name(int signal)
{
    if (const char* abbreviation = sigabbrev_np(signal)) return std::string("SIG") + abbreviation;
    if (signal >= SIGRTMIN && signal <= SIGRTMAX)
        return signal == SIGRTMIN ? "SIGRTMIN" : "SIGRTMIN+" + std::to_string(signal - SIGRTMIN);
    return "signal " + std::to_string(signal);
}

std::optional<int> signal_number(std::string_view name)
{
    int number = 0;
    const auto [rest, problem] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (problem == std::errc{} && rest == name.data() + name.size())
        return number >= 1 && number <= SIGRTMAX ? std::optional(number) : std::nullopt;
    for (int s = 1; s <= SIGRTMAX; ++s) {
        const auto known = signal_name(s);
        if (name == known || (known.starts_with("SIG") && name == std::string_view(known).substr(3))) return s;
    }
    return std::nullopt;
}

void write(JsonText& object, const std::optional<Outcome>& outcome)
{
    const auto none = [&](const char* key) { object.key(key).null(); };
    if (!outcome) {
        for (const char* key : {"outcome", "code", "signal", "core", "errno", "stage", "oom", "oom_limit_bytes"})
            none(key);
        return;
    }
    object.put("outcome", name_of(outcome->kind)).put("code", outcome->code);
    if (outcome->signal)
        object.put("signal", signal_name(*outcome->signal));
    else
        none("signal");
    object.put("core", outcome->core).put("errno", outcome->errno_value).put("stage", outcome->stage);
    object.put("oom", outcome->oom).put("oom_limit_bytes", outcome->oom_limit);
}

void to_json(nlohmann::json& j, const Outcome& outcome)
{
    std::string text;
    JsonText object{text};
    object.object();
    write(object, outcome);
    object.end_object();
    j.update(nlohmann::json::parse(text));
}

void from_json(const nlohmann::json& j, Outcome& outcome)
{
    const auto kind = outcome_kind(j.at("outcome").get_ref<const std::string&>());
    if (!kind) throw nlohmann::json::other_error::create(502, "unknown outcome", &j);
    outcome.kind = *kind;
    optional_from(j, "code", outcome.code);
    std::optional<std::string> signal;
    optional_from(j, "signal", signal);
    if (signal)
        outcome.signal = signal_number(signal->starts_with("signal ") ? std::string_view(*signal).substr(7)
                                                                      : std::string_view(*signal));
    optional_from(j, "core", outcome.core);
    optional_from(j, "errno", outcome.errno_value);
    optional_from(j, "stage", outcome.stage);
    optional_from(j, "oom", outcome.oom);
    optional_from(j, "oom_limit_bytes", outcome.oom_limit);
}

} // namespace processd::model
