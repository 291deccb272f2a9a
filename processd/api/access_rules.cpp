// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/access_rules.h"

#include "helpers/base/log.h"
#include "processd/supervisor/spawn_request.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <unistd.h>

namespace processd::api {
namespace {

constexpr base::Duration lookup_timeout = std::chrono::seconds{5};

std::optional<std::uint32_t> number(const std::string& text)
{
    std::uint32_t value = 0;
    const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
    return value;
}

} // namespace

AccessRules::AccessRules(supervisor::Runs& runs, std::string prepare_program)
    : runs_(runs),
      prepare_program_(std::move(prepare_program)),
      run_ended_(runs.on_change.subscribe([this](const model::RunRecord& record, supervisor::Moment moment) {
          if (moment == supervisor::Moment::ended) answered(record);
      }))
{
}

void AccessRules::configure(const std::vector<model::AccessRule>& rules, std::map<std::string, model::AccessRule> jobs)
{
    rules_ = rules;
    jobs_ = {jobs.begin(), jobs.end()};
    std::set<Name> names;
    const auto add = [&](const model::AccessRule& rule) {
        for (const auto& user : rule.users) names.insert({false, user});
        for (const auto& group : rule.groups) names.insert({true, group});
    };
    for (const auto& rule : rules_) add(rule);
    for (const auto& job : jobs_) add(job.second);
    std::erase_if(numbers_, [&](const auto& known) { return !names.contains(known.first); });
    asked_.clear();
    for (const auto& name : names)
        if (const auto plain = number(name.text))
            numbers_[name] = *plain;
        else
            look_up(name);
}

void AccessRules::look_up(const Name& name)
{
    supervisor::RunRequest run;
    run.kind = model::RunKind::lookup;
    run.name = "access";
    run.process.command = {prepare_program_, "--user", name.group ? "root" : name.text};
    if (name.group) {
        run.process.command.emplace_back("--group");
        run.process.command.push_back(name.text);
    }
    run.timeout = lookup_timeout;
    const auto started = runs_.start(std::move(run));
    if (started)
        asked_.emplace(started->id, name);
    else
        base::log::warning("a name in an access rule cannot be looked up",
                           {{"name", name.text}, {"reason", started.error().message()}});
}

void AccessRules::answered(const model::RunRecord& record)
{
    const auto found = asked_.find(record.id);
    if (found == asked_.end()) return;
    const Name name = found->second;
    asked_.erase(found);
    std::string output;
    std::string complaint;
    for (const auto& piece : record.tail) (piece.stream == "stdout" ? output : complaint) += piece.data;
    const auto prepared = supervisor::parse_prepared(output);
    if (record.outcome && record.outcome->success() && prepared) {
        numbers_[name] = name.group ? prepared->gid : prepared->uid;
    } else {
        // Known before and unknown now is unknown; not to be told now leaves what was known in force.
        if (record.outcome && record.outcome->kind == model::OutcomeKind::exited) numbers_.erase(name);
        base::log::warning("a name in an access rule gives nobody access",
                           {{"name", name.text},
                            {"kind", name.group ? "group" : "user"},
                            {"reason", complaint.empty() && record.outcome ? sentence(*record.outcome) : complaint}});
    }
    if (asked_.empty() && on_complete) on_complete();
}

bool AccessRules::fits(const model::AccessRule& rule, const Peer& peer) const
{
    const auto is = [&](bool group, const std::string& text, std::uint32_t id) {
        const auto known = numbers_.find(Name{group, text});
        return known != numbers_.end() && known->second == id;
    };
    return std::any_of(rule.users.begin(), rule.users.end(),
                       [&](const auto& name) { return is(false, name, peer.uid); }) ||
           std::any_of(rule.groups.begin(), rule.groups.end(), [&](const auto& name) {
               return is(true, name, peer.gid) || std::any_of(peer.groups.begin(), peer.groups.end(),
                                                              [&](gid_t gid) { return is(true, name, gid); });
           });
}

model::Access AccessRules::level_of(const Peer& peer) const
{
    if (peer.uid == 0 || peer.uid == ::geteuid()) return model::Access::admin;
    auto level = model::Access::none;
    for (const auto& rule : rules_)
        if (fits(rule, peer)) level = std::max(level, rule.level);
    if (level == model::Access::none &&
        std::any_of(jobs_.begin(), jobs_.end(), [&](const auto& job) { return fits(job.second, peer); }))
        level = model::Access::read;
    return level;
}

bool AccessRules::may_run(const Peer& peer, const std::string& job) const
{
    const auto found = jobs_.find(job);
    return found != jobs_.end() && fits(found->second, peer);
}

} // namespace processd::api
