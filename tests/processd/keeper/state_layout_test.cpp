// SPDX-License-Identifier: GPL-3.0-or-later
// docs/keeper-state.md describes what one keeper's program leaves to the next; this compares its tables with the bytes.
// `test-keeper '[.print]'` prints the tables as they should be.
#include "processd/keeper/keeper_state.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iostream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

using namespace processd::keeper;
namespace protocol = processd::protocol;

namespace {

struct Field {
    unsigned number;
    bool hint;
    std::string value;
    friend bool operator==(const Field&, const Field&) = default;
};

// As the page has it, without our own reader.
std::vector<Field> fields_in(std::string_view record)
{
    std::vector<Field> all;
    while (record.size() >= 8) {
        std::uint16_t number = 0;
        std::uint16_t flags = 0;
        std::uint32_t size = 0;
        std::memcpy(&number, record.data(), 2);
        std::memcpy(&flags, record.data() + 2, 2);
        std::memcpy(&size, record.data() + 4, 4);
        if (number == 0) break;
        all.push_back({number, flags == 1, std::string(record.substr(8, size))});
        record.remove_prefix(8 + (std::size_t{size} + 7) / 8 * 8);
    }
    return all;
}

// Where a record is inside the state: a field of a field …
using Path = std::vector<unsigned>;
std::vector<Field> fields_at(const KeeperState& state, const Path& path)
{
    auto fields = fields_in(std::string_view(encode(state)).substr(16));
    for (const auto number : path) {
        const auto found =
            std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.number == number; });
        REQUIRE(found != fields.end());
        fields = fields_in(std::string(found->value));
    }
    return fields;
}

// Each makes a value another one, and says what it is.
template <Whole T> std::string change(T& value)
{
    if constexpr (std::is_same_v<T, bool>)
        value = !value;
    else
        value = static_cast<T>(static_cast<std::int64_t>(value) + 1);
    return "number";
}
std::string change(CarriedFd& fd)
{
    fd.number = 77;
    return "descriptor";
}
std::string change(std::string& text)
{
    text += "x";
    return "text";
}
template <Whole T> std::string change(std::vector<T>& values)
{
    values.push_back(1);
    return "numbers";
}
std::string change(std::vector<std::string>& texts)
{
    texts.emplace_back("x");
    return "texts";
}
template <Whole T, std::size_t N> std::string change(std::array<T, N>& values)
{
    values[0] = 1;
    return std::is_same_v<T, char> ? "text" : "numbers";
}
std::string change(CarriedGroup& group)
{
    group.name += "x";
    return "CarriedGroup";
}
std::string change(CarriedSweep& sweep)
{
    ++sweep.pid;
    return "CarriedSweep";
}
std::string change(CarriedCgroups& groups)
{
    groups.path += "x";
    return "CarriedCgroups";
}
std::string change(protocol::ChildState& state)
{
    ++state.id;
    return "ChildState";
}
std::string change(std::vector<CarriedGroup>& groups)
{
    groups.emplace_back();
    return "CarriedGroup, each";
}
std::string change(std::vector<CarriedChild>& children)
{
    children.emplace_back();
    return "CarriedChild, each";
}

struct Row {
    std::string record, name, kind;
    unsigned number;
};

KeeperState with_a_child()
{
    KeeperState state;
    state.children.emplace_back();
    return state;
}

// The number under which a value is written is that of the field which differs when only that value does.
template <class Change> Row row(const char* record, const char* name, const Path& path, Change change_it)
{
    auto state = with_a_child();
    const auto before = fields_at(state, path);
    auto kind = change_it(state);
    const auto after = fields_at(state, path);
    std::vector<Field> differ; // there, or there once more
    for (auto field = after.begin(); field != after.end(); ++field)
        if (std::count(after.begin(), field + 1, *field) > std::count(before.begin(), before.end(), *field))
            differ.push_back(*field);
    INFO(record << "::" << name);
    REQUIRE(differ.size() == 1);
    if (differ[0].hint) kind += ", hint";
    return {record, name, kind, differ[0].number};
}

KeeperState& of_KeeperState(KeeperState& state) { return state; }
CarriedCgroups& of_CarriedCgroups(KeeperState& state) { return state.cgroups; }
CarriedChild& of_CarriedChild(KeeperState& state) { return state.children.front(); }
protocol::ChildState& of_ChildState(KeeperState& state) { return state.children.front().state; }
CarriedGroup& of_CarriedGroup(KeeperState& state) { return state.children.front().group; }
CarriedSweep& of_CarriedSweep(KeeperState& state) { return state.children.front().sweep; }

const std::map<std::string, Path>& paths()
{
    static const std::map<std::string, Path> all{{"KeeperState", {}},        {"CarriedCgroups", {33}},
                                                 {"CarriedChild", {34}},     {"ChildState", {34, 1}},
                                                 {"CarriedGroup", {34, 17}}, {"CarriedSweep", {34, 28}}};
    return all;
}

#define ROW(record, field)                                                                                             \
    row(#record, #field, paths().at(#record), [](KeeperState& state) { return change(of_##record(state).field); })

std::vector<Row> rows()
{
    return {
        ROW(KeeperState, version),
        ROW(KeeperState, program),
        ROW(KeeperState, spec_format),
        ROW(KeeperState, ring_format),
        ROW(KeeperState, pid),
        ROW(KeeperState, capabilities),
        ROW(KeeperState, epoch),
        ROW(KeeperState, upgrades),
        ROW(KeeperState, started_mono_ns),
        ROW(KeeperState, started_wall_ns),
        ROW(KeeperState, next_id),
        ROW(KeeperState, incarnation),
        ROW(KeeperState, manager_status),
        ROW(KeeperState, short_lives),
        ROW(KeeperState, orphans_reaped),
        ROW(KeeperState, newest_line),
        ROW(KeeperState, stop_budget_ns),
        ROW(KeeperState, log_level),
        ROW(KeeperState, reload_unsent),
        ROW(KeeperState, parent_notify),
        ROW(KeeperState, death_signal),
        ROW(KeeperState, parent),
        ROW(KeeperState, open_files),
        ROW(KeeperState, oom_score_adj_before),
        ROW(KeeperState, told_strangers),
        ROW(KeeperState, told_missing),
        ROW(KeeperState, sweepers),
        ROW(KeeperState, lock),
        ROW(KeeperState, api),
        ROW(KeeperState, steps),
        ROW(KeeperState, own_program),
        ROW(KeeperState, manager_program),
        ROW(KeeperState, cgroups),
        ROW(KeeperState, children),
        ROW(KeeperState, cgroup_error),
        ROW(CarriedCgroups, path),
        ROW(CarriedCgroups, why_not),
        ROW(CarriedCgroups, all),
        ROW(CarriedCgroups, made),
        ROW(CarriedCgroups, pool),
        ROW(CarriedCgroups, own),
        ROW(CarriedCgroups, aside),
        ROW(CarriedCgroups, why_none),
        ROW(CarriedCgroups, usable),
        ROW(CarriedCgroups, on),
        ROW(CarriedGroup, name),
        ROW(CarriedGroup, dir),
        ROW(CarriedGroup, events),
        ROW(CarriedGroup, memory),
        ROW(CarriedGroup, worn),
        ROW(CarriedGroup, outlived),
        ROW(CarriedChild, state),
        ROW(CarriedChild, label),
        ROW(CarriedChild, cookie),
        ROW(CarriedChild, uid),
        ROW(CarriedChild, incarnation),
        ROW(CarriedChild, reaped),
        ROW(CarriedChild, pidfd),
        ROW(CarriedChild, spec),
        ROW(CarriedChild, ring),
        ROW(CarriedChild, out),
        ROW(CarriedChild, err),
        ROW(CarriedChild, status),
        ROW(CarriedChild, step),
        ROW(CarriedChild, ready),
        ROW(CarriedChild, notify),
        ROW(CarriedChild, notify_path),
        ROW(CarriedChild, group),
        ROW(CarriedChild, group_watched),
        ROW(CarriedChild, group_killed),
        ROW(CarriedChild, seen),
        ROW(CarriedChild, forgotten),
        ROW(CarriedChild, spawn_until_mono_ns),
        ROW(CarriedChild, empty_since_mono_ns),
        ROW(CarriedChild, outlived),
        ROW(CarriedChild, sweep_again),
        ROW(CarriedChild, leftovers),
        ROW(CarriedChild, unread),
        ROW(CarriedChild, sweep),
        ROW(CarriedChild, next_main),
        ROW(ChildState, id),
        ROW(ChildState, request_id),
        ROW(ChildState, pid),
        ROW(ChildState, phase),
        ROW(ChildState, flags),
        ROW(ChildState, stage),
        ROW(ChildState, stage_errno),
        ROW(ChildState, attribute),
        ROW(ChildState, reduced),
        ROW(ChildState, wait_status),
        ROW(ChildState, started_mono_ns),
        ROW(ChildState, started_wall_ns),
        ROW(ChildState, exited_mono_ns),
        ROW(ChildState, exited_wall_ns),
        ROW(ChildState, user_us),
        ROW(ChildState, system_us),
        ROW(ChildState, max_rss_kb),
        ROW(ChildState, minor_faults),
        ROW(ChildState, major_faults),
        ROW(ChildState, blocks_in),
        ROW(ChildState, blocks_out),
        ROW(ChildState, switches),
        ROW(ChildState, preemptions),
        ROW(ChildState, consumed),
        ROW(ChildState, seen),
        ROW(ChildState, consumed_counts),
        ROW(ChildState, ready_mono_ns),
        ROW(ChildState, watchdog_mono_ns),
        ROW(ChildState, extend_mono_ns),
        ROW(ChildState, emptying),
        ROW(ChildState, proof),
        ROW(ChildState, survivor_count),
        ROW(ChildState, survivors),
        ROW(ChildState, stranger_count),
        ROW(ChildState, strangers),
        ROW(ChildState, ring_size),
        ROW(ChildState, status),
        ROW(CarriedSweep, pid),
        ROW(CarriedSweep, signal),
        ROW(CarriedSweep, pipe),
        ROW(CarriedSweep, found),
        ROW(CarriedSweep, not_ours),
        ROW(CarriedSweep, looking_at),
        ROW(CarriedSweep, finished),
    };
}

std::string line_of(const Row& row)
{
    return "| " + std::to_string(row.number) + " | `" + row.name + "` | " + row.kind + " |";
}

std::string section(const std::string& page, const std::string& record)
{
    const auto start = page.find("\n### " + record + "\n");
    if (start == std::string::npos) return "";
    return page.substr(start, page.find("\n### ", start + 1) - start);
}

} // namespace

TEST_CASE("the fields in docs/keeper-state.md are those of the state", "[keeper][state]")
{
    std::ifstream in{STATE_PAGE};
    std::ostringstream text;
    text << in.rdbuf();
    const auto page = text.str();
    REQUIRE_FALSE(page.empty());
    std::map<std::string, std::set<unsigned>> numbers;
    for (const auto& row : rows()) {
        INFO(row.record << ": " << line_of(row));
        CHECK(section(page, row.record).find("\n" + line_of(row)) != std::string::npos);
        CHECK(numbers[row.record].insert(row.number).second);
    }
    for (const auto& [record, path] : paths()) {
        INFO(record);
        // And nothing else: what is taken away must go from the page, and what is new come into it.
        const auto part = section(page, record);
        static const std::regex any_row{R"(\n\| \d+ \| `)"};
        CHECK(static_cast<std::size_t>(std::distance(std::sregex_iterator{part.begin(), part.end(), any_row}, {})) ==
              numbers[record].size());
        for (const auto& field : fields_at(with_a_child(), path)) CHECK(numbers[record].count(field.number) == 1);
    }
    CHECK(page.find("uint32 version " + std::to_string(state_version) + ",") != std::string::npos);
}

TEST_CASE("print the tables of the state", "[.print]")
{
    std::string last;
    for (const auto& row : rows()) {
        if (row.record != last)
            std::cout << "\n### " << row.record << "\n\n| number | name | value | |\n|--:|---|---|---|\n";
        last = row.record;
        std::cout << line_of(row) << "  |\n";
    }
}
