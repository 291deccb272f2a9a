// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/names.h"

#include "helpers/base/log.h"
#include "processd/supervisor/spawn_request.h"

#include <charconv>

namespace processd::supervisor {
namespace {

constexpr base::Duration lookup_timeout = std::chrono::seconds{5};

std::optional<std::uint32_t> plain_number(const std::string& text)
{
    std::uint32_t value = 0;
    const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
    return value;
}

} // namespace

Names::Names(Runs& runs, std::string prepare_program, std::string where)
    : runs_(runs),
      prepare_program_(std::move(prepare_program)),
      where_(std::move(where)),
      run_ended_(runs.on_change.subscribe([this](const model::RunRecord& record, Moment moment) {
          if (moment == Moment::ended) answered(record);
      }))
{
}

void Names::look_up(const std::set<Name>& names)
{
    std::erase_if(numbers_, [&](const auto& known) { return !names.contains(known.first); });
    asked_.clear();
    for (const auto& name : names)
        if (const auto plain = plain_number(name.text))
            numbers_[name] = *plain;
        else
            ask(name);
}

std::optional<std::uint32_t> Names::number(const Name& name) const
{
    const auto known = numbers_.find(name);
    return known == numbers_.end() ? std::nullopt : std::optional(known->second);
}

void Names::ask(const Name& name)
{
    RunRequest run;
    run.kind = model::RunKind::lookup;
    run.name = "names";
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
        base::log::warning("a name in the configuration cannot be looked up",
                           {{"table", where_}, {"name", name.text}, {"reason", started.error().message()}});
}

void Names::answered(const model::RunRecord& record)
{
    const auto found = asked_.find(record.id);
    if (found == asked_.end()) return;
    const Name name = found->second;
    asked_.erase(found);
    std::string output;
    std::string complaint;
    for (const auto& piece : record.tail) (piece.stream == "stdout" ? output : complaint) += piece.data;
    const auto prepared = parse_prepared(output);
    if (record.outcome && record.outcome->success() && prepared) {
        numbers_[name] = name.group ? prepared->gid : prepared->uid;
    } else {
        // Known before and unknown now is unknown; not to be told now leaves what was known in force.
        if (record.outcome && record.outcome->kind == model::OutcomeKind::exited) numbers_.erase(name);
        base::log::warning("a name in the configuration is of nobody",
                           {{"table", where_},
                            {"name", name.text},
                            {"kind", name.group ? "group" : "user"},
                            {"reason", complaint.empty() && record.outcome ? sentence(*record.outcome) : complaint}});
    }
    if (asked_.empty() && on_complete) on_complete();
}

} // namespace processd::supervisor
