// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/store/tallies.h"

#include "helpers/base/log.h"
#include "processd/model/json.h"
#include "processd/store/db.h"

#include <nlohmann/json.hpp>

namespace processd::store {
namespace {

// Both are longer than the key of any record.
constexpr std::string_view kind_prefix = "run-tally/kind/";
constexpr std::string_view name_prefix = "run-tally/name/";

std::string key_of(model::RunKind kind) { return std::string(kind_prefix) + std::string(name_of(kind)); }
std::string key_of(const std::string& name) { return std::string(name_prefix) + name; }

base::Result<void> put_all(Db& db, const model::RunTally& tally)
{
    for (const auto& [kind, of] : tally.kinds)
        if (auto put = db.put(key_of(kind), text_of(of)); !put) return put;
    for (const auto& [name, of] : tally.names)
        if (auto put = db.put(key_of(name), text_of(of)); !put) return put;
    return {};
}

} // namespace

bool Tallies::take(std::string_view key, std::string_view value)
{
    const bool of_kind = key.starts_with(kind_prefix);
    if (!of_kind && !key.starts_with(name_prefix)) return false;
    try {
        const auto j = nlohmann::json::parse(value);
        if (!of_kind)
            all_.names[std::string(key.substr(name_prefix.size()))] = model::name_tally_from(j);
        else if (const auto kind = model::run_kind(key.substr(kind_prefix.size())))
            all_.kinds[*kind] = model::kind_tally_from(j);
    } catch (const nlohmann::json::exception& e) {
        base::log::warning("what was counted of runs cannot be read; it is counted anew",
                           {{"key", std::string(key)}, {"reason", e.what()}});
    }
    return true;
}

void Tallies::keep_only(const std::set<std::string>& names)
{
    for (auto at = all_.names.begin(); at != all_.names.end();)
        if (at->first.empty() || names.contains(at->first)) {
            ++at;
        } else {
            dropped_.insert(at->first);
            at = all_.names.erase(at);
        }
}

void Tallies::Group::add(const model::RunCount& run)
{
    const auto begin = [&](auto& changed, const auto& before, const auto& key) -> auto&
    {
        const auto [at, fresh] = changed.try_emplace(key);
        if (!fresh) return at->second;
        if (const auto known = before.find(key); known != before.end())
            at->second = known->second;
        else
            at->second.created = now_;
        return at->second;
    };
    begin(changed_.kinds, tallies_.all_.kinds, run.kind).add(run);
    begin(changed_.names, tallies_.all_.names, run.name).add(run);
}

base::Result<void> Tallies::Group::write(Db& db) const
{
    for (const auto& name : tallies_.dropped_)
        if (auto erased = db.erase(key_of(name)); !erased) return erased;
    if (tallies_.all_anew_)
        if (auto put = put_all(db, tallies_.all_); !put) return put;
    return put_all(db, changed_);
}

void Tallies::committed(Group&& group)
{
    dropped_.clear();
    all_anew_ = false;
    for (auto& [kind, of] : group.changed_.kinds) all_.kinds.insert_or_assign(kind, std::move(of));
    for (auto& [name, of] : group.changed_.names) all_.names.insert_or_assign(name, std::move(of));
}

} // namespace processd::store
