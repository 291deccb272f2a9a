// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/operations.h"

#include "helpers/base/log.h"
#include "helpers/base/wall_time.h"
#include "processd/model/json.h"
#include "processd/store/state.h"
#include "processd/supervisor/ulid.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace processd::supervisor {
namespace {

using nlohmann::json;

constexpr std::string_view key_prefix = "operation/";

template <class T> json or_null(const std::optional<T>& value) { return value ? json(*value) : json(nullptr); }
std::optional<std::string> text_or_none(const json& j)
{
    return j.is_null() ? std::nullopt : std::optional(j.get<std::string>());
}
base::WallTime time_or_none(const json& j)
{
    if (j.is_null()) return {};
    const auto parsed = base::parse_wall_time(j.get_ref<const std::string&>());
    return parsed ? *parsed : base::WallTime{};
}

} // namespace

void to_json(json& j, const Operation& o)
{
    j = {{"id", o.id},
         {"action", o.action},
         {"service", o.service},
         {"state", o.state},
         {"result", or_null(o.result)},
         {"reason", o.reason},
         {"created", model::json_time(o.created)},
         {"ended", model::json_time(o.ended)},
         {"runs", o.runs},
         {"proof", or_null(o.proof)},
         {"survivors", o.survivors},
         {"from_version", or_null(o.from_version)},
         {"to_version", or_null(o.to_version)}};
    j["asked_by"] = nullptr;
    if (o.asked_by)
        j["asked_by"] = {{"uid", o.asked_by->uid}, {"pid", o.asked_by->pid}, {"command", o.asked_by->command}};
}

void from_json(const json& j, Operation& o)
{
    o.id = j.at("id");
    o.action = j.at("action");
    o.service = j.at("service");
    o.state = j.at("state");
    o.result = text_or_none(j.at("result"));
    o.reason = j.at("reason");
    o.created = time_or_none(j.at("created"));
    o.ended = time_or_none(j.at("ended"));
    o.runs = j.at("runs").get<std::vector<std::string>>();
    o.proof = text_or_none(j.at("proof"));
    o.survivors = j.at("survivors").get<std::vector<std::int32_t>>();
    o.from_version = text_or_none(j.value("from_version", json(nullptr))); // older records have neither
    o.to_version = text_or_none(j.value("to_version", json(nullptr)));
    if (const auto& by = j.at("asked_by"); !by.is_null())
        o.asked_by = model::Identity{by.at("uid"), by.at("pid"), by.at("command")};
}

Operations::Operations(store::State& state) : state_(state) {}

void Operations::restore()
{
    state_.for_each(key_prefix, [&](std::string_view key, const json& document) {
        try {
            auto operation = document.get<Operation>();
            operations_[operation.id] = std::move(operation);
        } catch (const json::exception& e) {
            base::log::warning("a stored operation cannot be read", {{"key", key}, {"reason", e.what()}});
        }
    });
}

void Operations::forget_open(std::string_view reason)
{
    for (const auto& operation : open()) finish(operation.id, "aborted", std::string(reason));
}

base::Result<Operation> Operations::begin(std::string action, std::string service,
                                          std::optional<model::Identity> asked_by)
{
    Operation operation;
    operation.created = base::wall_now();
    operation.id = make_ulid(operation.created);
    operation.action = std::move(action);
    operation.service = std::move(service);
    operation.asked_by = std::move(asked_by);
    if (auto saved = state_.put_now(std::string(key_prefix) + operation.id, operation); !saved)
        return base::wrap("put the operation on record", saved.error());
    operations_[operation.id] = operation;
    while (operations_.size() > max_kept) {
        const auto oldest = std::find_if(operations_.begin(), operations_.end(),
                                         [](const auto& e) { return e.second.state == "done"; });
        if (oldest == operations_.end()) break;
        state_.keep({{std::string(key_prefix) + oldest->first, std::nullopt}});
        operations_.erase(oldest);
    }
    on_change.tell(operation);
    return operation;
}

void Operations::finish(std::string_view id, std::string result, std::string reason, std::optional<std::string> proof,
                        std::vector<std::int32_t> survivors, std::vector<store::Change> with)
{
    const auto found = operations_.find(id);
    if (found == operations_.end() || found->second.state == "done") return;
    auto& operation = found->second;
    operation.state = "done";
    operation.result = std::move(result);
    operation.reason = std::move(reason);
    operation.ended = base::wall_now();
    operation.proof = std::move(proof);
    operation.survivors = std::move(survivors);
    with.push_back(store::change_of(std::string(key_prefix) + operation.id, operation));
    state_.keep(with);
    const auto copy = operation;
    on_change.tell(copy);
}

void Operations::tell_versions(std::string_view id, std::optional<std::string> from, std::optional<std::string> to)
{
    const auto found = operations_.find(id);
    if (found == operations_.end()) return;
    found->second.from_version = std::move(from);
    found->second.to_version = std::move(to);
    state_.keep({store::change_of(std::string(key_prefix) + found->first, found->second)});
}

void Operations::add_run(std::string_view id, const std::string& run)
{
    const auto found = operations_.find(id);
    if (found == operations_.end()) return;
    found->second.runs.push_back(run);
    state_.keep({store::change_of(std::string(key_prefix) + found->first, found->second)});
}

base::Result<Operation> Operations::get(std::string_view id) const
{
    const auto found = operations_.find(id);
    if (found == operations_.end())
        return base::fail(base::Errc::not_found, "there is no operation \"" + std::string(id) + "\"");
    return found->second;
}

std::vector<Operation> Operations::list(const std::optional<std::string>& service,
                                        const std::optional<std::string>& state, std::string_view after,
                                        std::size_t limit, std::optional<std::string>* next) const
{
    std::vector<Operation> found;
    for (auto at = operations_.rbegin(); at != operations_.rend(); ++at) {
        if (!after.empty() && at->first >= after) continue;
        if ((service && *service != at->second.service) || (state && *state != at->second.state)) continue;
        if (found.size() == limit) {
            *next = found.back().id;
            break;
        }
        found.push_back(at->second);
    }
    return found;
}

const Operation* Operations::open_for(std::string_view service) const
{
    for (auto at = operations_.rbegin(); at != operations_.rend(); ++at)
        if (at->second.service == service && at->second.state != "done") return &at->second;
    return nullptr;
}

std::vector<Operation> Operations::open() const
{
    std::vector<Operation> found;
    for (const auto& [id, operation] : operations_)
        if (operation.state != "done") found.push_back(operation);
    return found;
}

std::size_t Operations::open_count() const
{
    return static_cast<std::size_t>(
        std::count_if(operations_.begin(), operations_.end(), [](const auto& e) { return e.second.state != "done"; }));
}

} // namespace processd::supervisor
