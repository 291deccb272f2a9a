// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/run_view.h"

#include "helpers/base/size.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/page.h"
#include "processd/ctl/table.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>

namespace processd::ctl {
namespace {

using nlohmann::json;

std::string ending(const json& run)
{
    if (const auto code = maybe_number(run, "code")) return "exited with code " + std::to_string(*code);
    if (const auto signal = text(run, "signal"); !signal.empty())
        return "killed by " + clean(signal) + (flag(run, "core") ? " (core dumped)" : "");
    return "no exit status";
}

// What is to be said of memory behind how it ended.
std::string memory_words(const json& run)
{
    if (!flag(run, "oom")) return {};
    const bool itself = text(run, "outcome") == "signaled" && text(run, "signal") == "SIGKILL";
    std::string words = itself ? ": out of memory" : ", after one of its processes was killed: out of memory";
    if (const auto limit = number(run, "oom_limit_bytes"); limit > 0)
        words += " (limit " + base::format_size(static_cast<std::uint64_t>(limit), " ") + ")";
    return words;
}

Colour outcome_colour(const json& run)
{
    const auto outcome = text(run, "outcome");
    if (outcome.empty()) return Colour::busy;
    if (outcome == "exited" && number(run, "code", -1) == 0) return Colour::good;
    return outcome == "cancelled" ? Colour::plain : Colour::bad;
}

base::Duration took(const json& run, const Style& style)
{
    if (const auto us = maybe_number(run, "duration_us")) return std::chrono::microseconds{*us};
    const auto started = time(run, "started");
    return started == base::WallTime{} || !text(run, "outcome").empty() ? base::Duration{} : style.now - started;
}

std::string count_text(const json& count)
{
    const auto bytes = number(count, "bytes"), dropped = number(count, "dropped");
    auto result = size_text(static_cast<std::uint64_t>(std::max<std::int64_t>(bytes, 0)));
    if (dropped > 0) result += ", of which " + size_text(static_cast<std::uint64_t>(dropped)) + " were lost";
    return result;
}

std::string usage_text(const json& usage)
{
    if (!usage.is_object()) return {};
    const auto span = [&](const char* key) { return span_text(std::chrono::microseconds{number(usage, key)}); };
    return "user " + span("user_us") + ", system " + span("system_us") + ", at most " +
           size_text(static_cast<std::uint64_t>(std::max<std::int64_t>(number(usage, "max_rss_kb"), 0)) * 1024) +
           " resident, " + std::to_string(number(usage, "major_faults")) + " major faults";
}

std::string limit_text(const json& limits)
{
    std::vector<std::string> words;
    if (!limits.is_object()) return {};
    for (const auto& [name, limit] : limits.items()) {
        const auto one = [&](const char* key) {
            return part(limit, key).is_string() ? text(limit, key) : std::to_string(number(limit, key));
        };
        const auto soft = one("soft"), hard = one("hard");
        words.push_back(name + "=" + soft + (soft == hard ? "" : ":" + hard));
    }
    return clean(joined(words));
}

std::string cgroup_text(const json& limits)
{
    std::vector<std::string> words;
    if (!limits.is_object()) return {};
    for (const auto& [key, value] : limits.items()) {
        std::string_view name = key;
        if (value.is_number_unsigned() && name.ends_with("_bytes")) {
            name.remove_suffix(6);
            words.push_back(std::string(name) + "=" + base::format_size(value.get<std::uint64_t>()));
        } else if (value.is_number_unsigned() && name.ends_with("_percent")) {
            name.remove_suffix(8);
            words.push_back(std::string(name) + "=" + std::to_string(value.get<std::uint64_t>()) + "%");
        } else if (value.is_number_unsigned()) {
            words.push_back(key + "=" + std::to_string(value.get<std::uint64_t>()));
        }
    }
    for (const auto& [file, value] : part(limits, "other").items())
        words.push_back(file + "=" + (value.is_string() ? value.get<std::string>() : ""));
    return clean(joined(words));
}

void process_items(Page& page, const json& process)
{
    std::vector<std::string> who{text(process, "user")};
    if (const auto group = text(process, "group"); !group.empty()) who.push_back("group " + group);
    if (const auto groups = texts(process, "groups"); !groups.empty()) who.push_back("groups " + joined(groups));
    page.item("user", clean(joined(who)));
    page.item("cwd", clean(text(process, "cwd")));
    std::vector<std::string> extra;
    if (const auto nice = number(process, "nice"); nice != 0) extra.push_back("nice " + std::to_string(nice));
    if (const auto scheduler = text(process, "scheduler"); !scheduler.empty() && scheduler != "other")
        extra.push_back(scheduler + " priority " + std::to_string(number(process, "priority")));
    if (const auto io = text(process, "io_class"); !io.empty() && io != "none")
        extra.push_back("io " + io + ' ' + std::to_string(number(process, "io_level")));
    if (const auto cpus = texts(process, "cpus"); !cpus.empty()) extra.push_back("cpus " + joined(cpus, ","));
    if (const auto score = maybe_number(process, "oom_score_adj"))
        extra.push_back("oom score " + std::to_string(*score));
    page.item("scheduling", clean(joined(extra)));
    page.item("limits", limit_text(part(process, "limits")));
    page.item("cgroup", cgroup_text(part(process, "cgroup")));
    const auto listed = [&](const char* key) {
        const auto names = texts(process, key);
        return names.empty() ? std::string("none") : clean(joined(names, " "));
    };
    std::vector<std::string> privileges;
    if (part(process, "capabilities").is_array()) privileges.push_back("capabilities " + listed("capabilities"));
    if (part(process, "capability_bounds").is_array())
        privileges.push_back("at most ever " + listed("capability_bounds"));
    if (flag(process, "no_new_privs")) privileges.emplace_back("gains none by what it executes");
    page.item("privileges", joined(privileges));
    std::string mounts;
    for (const auto& bind : part(process, "bind"))
        mounts += clean(text(bind, "target")) + " is " + clean(text(bind, "source")) +
                  (flag(bind, "read_only") ? " (read-only)\n" : "\n");
    page.item("mounts", mounts);
    std::string environment;
    if (const json& values = part(process, "environment"); values.is_object())
        for (const auto& [name, value] : values.items())
            environment += clean(name + '=' + (value.is_string() ? value.get<std::string>() : "(hidden)")) + '\n';
    page.item("environment", environment);
}

std::string tail_text(const json& run, std::size_t lines, const Style& style)
{
    struct Shown {
        std::string text;
        Colour colour;
    };
    std::vector<Shown> shown;
    const json& tail = part(run, "tail");
    if (!tail.is_array() || lines == 0) return {};
    bool open = false; // the newest line has not seen its newline yet
    std::string stream;
    for (const auto& piece : tail) {
        std::string_view left;
        const auto data = bytes(piece);
        left = data;
        const auto from = text(piece, "stream");
        if (from != stream) open = false;
        stream = from;
        while (!left.empty()) {
            const auto newline = left.find('\n');
            const auto line = clean(left.substr(0, newline));
            if (open)
                shown.back().text += line;
            else
                shown.push_back({line, from == "stderr" ? Colour::busy : Colour::plain});
            open = newline == std::string_view::npos;
            left.remove_prefix(open ? left.size() : newline + 1);
        }
    }
    std::string result;
    const auto skip = shown.size() > lines ? shown.size() - lines : 0;
    if (skip > 0)
        result +=
            paint(style, Colour::dim, "… " + std::to_string(skip) + (skip == 1 ? " line" : " lines") + " before") +
            '\n';
    for (std::size_t i = skip; i < shown.size(); ++i) result += paint(style, shown[i].colour, shown[i].text) + '\n';
    return result;
}

// For a table: the number that counts is never cut off.
std::string short_outcome(const json& run)
{
    const auto outcome = text(run, "outcome");
    std::string result = clean(outcome.empty() ? text(run, "state") : outcome);
    if (outcome == "exited")
        result = "exit " + std::to_string(number(run, "code"));
    else if (outcome == "signaled")
        result = clean(text(run, "signal")) + (flag(run, "core") ? ", core" : "");
    else if (outcome == "timed_out")
        result = "timed out";
    else if (outcome == "spawn_failed")
        result = "could not start";
    return flag(run, "oom") ? result + ", OOM" : result;
}

} // namespace

std::string outcome_text(const json& run)
{
    const auto outcome = text(run, "outcome");
    std::string result;
    if (outcome.empty())
        return clean(text(run, "state"));
    else if (outcome == "exited" || outcome == "signaled")
        result = ending(run);
    else if (outcome == "timed_out")
        result = "timed out, then " + ending(run);
    else if (outcome == "cancelled")
        result = "cancelled, then " + ending(run);
    else if (outcome == "spawn_failed") {
        result = "could not start: " + clean(text(run, "stage"));
        if (const auto problem = number(run, "errno"); problem != 0)
            result += std::string(": ") + std::strerror(static_cast<int>(problem));
    } else if (outcome == "lost")
        result = "lost: the keeper ended before it did";
    else
        result = clean(outcome);
    return result + memory_words(run);
}

std::string run_table(const json& runs, const Style& style)
{
    if (!runs.is_array() || runs.empty()) return "no runs match\n";
    Table table({{"ID"},
                 {"STARTED"},
                 {"TOOK", true},
                 {"NAME", false, 12, true},
                 {"KIND", false, 0, true},
                 {"OUTCOME"},
                 {"COMMAND"}});
    for (const auto& run : runs) {
        const auto started = time(run, "started");
        table.row({{clean(text(run, "id")), Colour::plain},
                   {clock_text(started == base::WallTime{} ? time(run, "created") : started, style.now), Colour::plain},
                   {span_text(took(run, style)), Colour::plain},
                   {clean(text(run, "name")), Colour::plain},
                   {clean(text(run, "kind")), Colour::plain},
                   {short_outcome(run), outcome_colour(run)},
                   {command_text(texts(part(run, "process"), "command")), Colour::dim}});
    }
    return table.print(style);
}

std::string run_page(const json& run, std::size_t lines, const Style& style)
{
    std::string result = "run " + paint(style, Colour::bold, clean(text(run, "id"))) + ": " +
                         paint(style, outcome_colour(run), outcome_text(run)) + '\n';
    Page page;
    page.item("reason", clean(text(run, "reason")));
    page.item("command", command_text(texts(part(run, "process"), "command")));
    page.item("name", clean(text(run, "name")) + " (" + clean(text(run, "kind")) + ")");
    page.item("parent", clean(text(run, "parent")));
    if (const json& asked = part(run, "asked_by"); asked.is_object())
        page.item("asked by", "uid " + std::to_string(number(asked, "uid")) + ", pid " +
                                  std::to_string(number(asked, "pid")) + ", " + clean(text(asked, "command")));
    else
        page.item("asked by", "the daemon");
    if (const auto pid = number(run, "pid"); pid > 0) page.item("pid", std::to_string(pid));
    const auto moment = [&](const char* key) {
        const auto at = time(run, key);
        return at == base::WallTime{} ? std::string()
                                      : clock_text(at, style.now, true) + " (" + age_text(at, style.now) + ")";
    };
    page.item("created", moment("created"));
    page.item("started", moment("started"));
    page.item("ended", moment("ended"));
    page.item("took", span_text(took(run, style)));
    if (const auto timeout = maybe_number(run, "timeout_ms"))
        page.item("timeout", span_text(std::chrono::milliseconds{*timeout}));
    page.item("stop timeout", span_text(std::chrono::milliseconds{number(run, "stop_timeout_ms")}));
    process_items(page, part(run, "process"));
    page.item("used", usage_text(part(run, "usage")));
    page.item("stdout", count_text(part(run, "stdout")));
    page.item("stderr", count_text(part(run, "stderr")));
    if (flag(run, "late")) page.item("late", "output came after its end");
    page.item("refused", clean(joined(texts(run, "reduced"))));
    if (const auto left = texts(run, "leftovers"); !left.empty())
        page.item("leftovers",
                  "pid " + joined(left) + (text(run, "proof").empty() ? "" : ", which outlived it, killed"));
    if (const auto strangers = texts(run, "strangers"); !strangers.empty())
        page.item("perhaps", "pid " + joined(strangers) + ", which lost their parents: nobody can tell whose they are");
    if (const auto proof = text(run, "proof"); !proof.empty())
        page.item("emptied", proof == "cgroup" ? "nothing of it is left (cgroup)"
                                               : "nothing of it was found any more (sweep of the processes)");
    result += page.print(style);
    if (const auto tail = tail_text(run, lines, style); !tail.empty())
        result += paint(style, Colour::dim, "output:") + '\n' + tail;
    return result;
}

int signal_number(std::string_view name)
{
    const auto tail_number = [&](std::string_view prefix) {
        int value = 0;
        const auto digits = name.substr(prefix.size());
        const auto [rest, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        return problem == std::errc{} && rest == digits.data() + digits.size() ? value : -1;
    };
    if (name.starts_with("signal ")) return std::max(tail_number("signal "), 0);
    if (name == "SIGRTMIN") return SIGRTMIN;
    if (name.starts_with("SIGRTMIN+")) return SIGRTMIN + std::max(tail_number("SIGRTMIN+"), 0);
    if (!name.starts_with("SIG")) return 0;
    for (int s = 1; s < SIGRTMIN; ++s)
        if (const char* known = ::sigabbrev_np(s); known != nullptr && name.substr(3) == known) return s;
    return 0;
}

int exit_code_of(const json& run)
{
    const auto outcome = text(run, "outcome");
    if (outcome == "timed_out") return exit_timed_out;
    if (outcome == "cancelled") return exit_cancelled;
    if (outcome == "spawn_failed") {
        const auto problem = number(run, "errno");
        if (text(run, "stage") != "exec" || problem == 0) return exit_ours;
        return problem == ENOENT || problem == ENOTDIR ? exit_not_found : exit_not_executable;
    }
    if (const auto code = maybe_number(run, "code"); outcome == "exited" && code) return static_cast<int>(*code & 0xff);
    if (const int signal = signal_number(text(run, "signal")); outcome == "signaled" && signal > 0)
        return exit_signal_base + signal;
    return exit_ours;
}

} // namespace processd::ctl
