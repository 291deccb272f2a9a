// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/names.h: users and groups that the configuration names, as numbers. processd-prepare looks them
// up, run as a child, since a name service may keep its asker waiting. What was known of a name stays in force until
// the new answer is there; a name that nobody knows has no number, which is logged.
#pragma once

#include "processd/supervisor/runs.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace processd::supervisor {

struct Name {
    bool group = false;
    std::string text;
    auto operator<=>(const Name&) const = default;
};

class Names {
public:
    // where: the table of processd.toml that they are in, for the log.
    Names(Runs& runs, std::string prepare_program, std::string where);
    Names(const Names&) = delete;
    Names& operator=(const Names&) = delete;

    void look_up(const std::set<Name>& names); // these and no others
    [[nodiscard]] bool complete() const { return asked_.empty(); }
    std::function<void()> on_complete; // from the loop
    [[nodiscard]] std::optional<std::uint32_t> number(const Name& name) const;

private:
    void ask(const Name& name);
    void answered(const model::RunRecord& record);

    Runs& runs_;
    const std::string prepare_program_, where_;
    std::map<Name, std::uint32_t> numbers_;
    std::map<std::string, Name> asked_; // by id of the run that asks
    Subscription run_ended_;
};

} // namespace processd::supervisor
