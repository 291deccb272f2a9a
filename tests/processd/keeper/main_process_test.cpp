// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/main_process.h"

#include <catch2/catch.hpp>
#include <functional>
#include <vector>

using namespace processd::keeper;

namespace {

// The second fork of a daemon, in its cgroup, whose parents have ended.
Candidate daemon()
{
    Candidate c;
    c.pid = 100;
    c.keeper = 50;
    c.exists = c.alive = c.is_ours = c.says_so_itself = c.orphans_come = true;
    c.in_cgroup = true;
    return c;
}

struct Row {
    const char* what;
    std::function<void(Candidate&)> change;
    MainVerdict wanted;
};

} // namespace

TEST_CASE("who may be a child's main process", "[keeper][main_process]")
{
    using enum MainAnswer;

    const std::vector<Row> rows{
        {"as it is", [](Candidate&) {}, {now}},
        {"the main process", [](Candidate& c) { c.is_main = true; }, {same}},
        {"it has parents", [](Candidate& c) { c.is_ours = false; }, {when_parents_end}},
        {"another says so", [](Candidate& c) { c.says_so_itself = false; }, {now}},
        {"no number", [](Candidate& c) { c.pid = 0; }, {refused, "it is no number of a process"}},
        {"less than none", [](Candidate& c) { c.pid = -5; }, {refused, "it is no number of a process"}},
        {"process 1", [](Candidate& c) { c.pid = 1; }, {refused, "it is process 1"}},
        {"the keeper", [](Candidate& c) { c.pid = 50; }, {refused, "it is the keeper"}},
        {"others'",
         [](Candidate& c) { c.of_others = true; },
         {refused, "it is the manager's, a helper's or another child's main process"}},
        {"too late",
         [](Candidate& c) { c.child_ended = true; },
         {refused, "the main process has ended before it was named"}},
        {"nobody", [](Candidate& c) { c.exists = false; }, {refused, "there is no such process"}},
        {"a zombie", [](Candidate& c) { c.alive = false; }, {refused, "it has ended"}},
        {"in another cgroup", [](Candidate& c) { c.in_cgroup = false; }, {refused, "it is not in the child's cgroup"}},
        {"in another cgroup, descending",
         [](Candidate& c) {
             c.in_cgroup = false;
             c.descends = true;
         },
         {refused, "it is not in the child's cgroup"}},
        {"no subreaper, an orphan", [](Candidate& c) { c.orphans_come = false; }, {now}},
        {"no subreaper, with parents",
         [](Candidate& c) { c.orphans_come = c.is_ours = false; },
         {refused, "processes that lose their parents do not come to the keeper here"}},
    };
    for (const auto& row : rows) {
        INFO(row.what);
        auto candidate = daemon();
        row.change(candidate);
        CHECK(judge(candidate) == row.wanted);
    }

    const MainVerdict stranger{refused, "it does not descend from the child"};
    const std::vector<Row> without{
        {"it says so itself", [](Candidate&) {}, {now}},
        {"another says so of an orphan", [](Candidate& c) { c.says_so_itself = false; }, stranger},
        {"the main process says so of an orphan that it may end",
         [](Candidate& c) {
             c.says_so_itself = false;
             c.in_power = true;
         },
         {now}},
        {"the main process says so of another's child",
         [](Candidate& c) {
             c.says_so_itself = c.is_ours = false;
             c.in_power = true;
         },
         stranger},
        {"another says so of one that descends",
         [](Candidate& c) {
             c.says_so_itself = c.is_ours = false;
             c.descends = true;
         },
         {when_parents_end}},
        {"it says so itself, and descends from elsewhere", [](Candidate& c) { c.is_ours = false; }, stranger},
    };
    for (const auto& row : without) {
        INFO("without a cgroup: " << row.what);
        auto candidate = daemon();
        candidate.in_cgroup.reset();
        row.change(candidate);
        CHECK(judge(candidate) == row.wanted);
    }
}
