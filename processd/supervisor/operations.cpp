// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/operations.h"

#include "helpers/base/log.h"
#include "helpers/base/wall_time.h"
#include "processd/model/json.h"
#include "processd/store/state.h"
#include "processd/supervisor/ulid.h"

#include <algorithm>
#include <array>
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

store::Change record_of(const Operation& operation)
{
    return store::change_of(std::string(key_prefix) + operation.id, operation);
}

Operation new_operation(std::string action, std::string service, std::optional<model::Identity> asked_by)
{
    Operation operation;
    operation.created = base::wall_now();
    operation.id = make_ulid(operation.created);
    operation.action = std::move(action);
    operation.service = std::move(service);
    operation.asked_by = std::move(asked_by);
    return operation;
}

} // namespace

std::optional<WholeEnd> end_of(const std::vector<Operation>& parts)
{
    WholeEnd end{"ok", {}, {}, {}};
    // What went wrong counts more than what somebody took back, and that more than what came in between.
    constexpr std::array<std::string_view, 4> by_weight{"ok", "superseded", "aborted", "failed"};
    const auto weight = [&](std::string_view result) {
        return std::find(by_weight.begin(), by_weight.end(), result) - by_weight.begin();
    };
    for (const auto& part : parts) {
        if (part.state != "done") return std::nullopt;
        const auto result = part.result.value_or("failed");
        if (weight(result) > weight(end.result)) end.result = result;
        if (result != "ok")
            end.reason += (end.reason.empty() ? "" : "; ") + part.service + ": " + result +
                          (part.reason.empty() ? "" : ", " + part.reason);
        if (part.proof && end.proof != "sweep") end.proof = part.proof; // no more certain than its weakest part
        end.survivors.insert(end.survivors.end(), part.survivors.begin(), part.survivors.end());
    }
    return end;
}

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
         {"dependents", o.dependents},
         {"runs", o.runs},
         {"proof", or_null(o.proof)},
         {"survivors", o.survivors},
         {"from_version", or_null(o.from_version)},
         {"to_version", or_null(o.to_version)},
         {"parts", o.parts},
         {"part_of", o.part_of.empty() ? json(nullptr) : json(o.part_of)}};
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
    o.dependents = j.value("dependents", std::vector<std::string>{});
    o.runs = j.at("runs").get<std::vector<std::string>>();
    o.proof = text_or_none(j.at("proof"));
    o.survivors = j.at("survivors").get<std::vector<std::int32_t>>();
    o.from_version = text_or_none(j.value("from_version", json(nullptr))); // older records have neither
    o.to_version = text_or_none(j.value("to_version", json(nullptr)));
    o.parts = j.value("parts", std::vector<std::string>{}); // one that was put on record before there were groups
    if (const auto part_of = j.find("part_of"); part_of != j.end() && !part_of->is_null()) o.part_of = *part_of;
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
    for (const auto& operation : open()) // whose last part could not be read
        if (!operation.parts.empty())
            if (const auto* ended = end_whole(operation.id)) state_.keep({record_of(*ended)});
}

void Operations::forget_open(std::string_view reason)
{
    for (const auto& operation : open()) finish(operation.id, "aborted", std::string(reason));
}

base::Result<Operation> Operations::begin(std::string action, std::string service,
                                          std::optional<model::Identity> asked_by)
{
    auto operation = new_operation(std::move(action), std::move(service), std::move(asked_by));
    if (auto saved = state_.apply({record_of(operation)}); !saved)
        return base::wrap("put the operation on record", saved.error());
    operations_[operation.id] = operation;
    prune();
    on_change.tell(operation);
    return operation;
}

base::Result<Operation> Operations::begin_whole(const std::string& action, std::string group,
                                                const std::vector<std::string>& services,
                                                const std::optional<model::Identity>& asked_by)
{
    auto whole = new_operation(action, std::move(group), asked_by);
    std::vector<Operation> parts;
    std::vector<store::Change> all;
    for (const auto& service : services) {
        auto& part = parts.emplace_back(new_operation(action, service, asked_by));
        part.part_of = whole.id;
        whole.parts.push_back(part.id);
        all.push_back(record_of(part));
    }
    all.push_back(record_of(whole));
    if (auto saved = state_.apply(all); !saved) return base::wrap("put the operations on record", saved.error());
    operations_[whole.id] = whole;
    for (const auto& part : parts) operations_[part.id] = part;
    prune();
    on_change.tell(whole);
    for (const auto& part : parts) on_change.tell(part);
    return whole;
}

// Parts of what goes on stay: how the whole ends is told from all of them.
void Operations::prune()
{
    while (operations_.size() > max_kept) {
        const auto oldest = std::find_if(operations_.begin(), operations_.end(), [this](const auto& e) {
            const auto whole = operations_.find(e.second.part_of);
            return e.second.state == "done" && (whole == operations_.end() || whole->second.state == "done");
        });
        if (oldest == operations_.end()) break;
        state_.keep({{std::string(key_prefix) + oldest->first, std::nullopt}});
        operations_.erase(oldest);
    }
}

Operation* Operations::end_whole(const std::string& id)
{
    const auto found = operations_.find(id);
    if (found == operations_.end() || found->second.state == "done") return nullptr;
    auto& whole = found->second;
    std::vector<Operation> parts;
    for (const auto& part : whole.parts)
        if (const auto at = operations_.find(part); at != operations_.end()) parts.push_back(at->second);
    auto end = end_of(parts);
    if (!end) return nullptr;
    whole.state = "done";
    whole.result = std::move(end->result);
    whole.reason = std::move(end->reason);
    whole.ended = base::wall_now();
    whole.proof = std::move(end->proof);
    whole.survivors = std::move(end->survivors);
    return &whole;
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
    with.push_back(record_of(operation));
    std::vector<Operation> ended{operation};
    if (const auto* whole = end_whole(operation.part_of)) {
        with.push_back(record_of(*whole));
        ended.push_back(*whole);
    }
    state_.keep(with);
    for (const auto& one : ended) on_change.tell(one);
}

void Operations::tell_versions(std::string_view id, std::optional<std::string> from, std::optional<std::string> to)
{
    const auto found = operations_.find(id);
    if (found == operations_.end()) return;
    found->second.from_version = std::move(from);
    found->second.to_version = std::move(to);
    state_.keep({record_of(found->second)});
}

void Operations::tell_dependents(std::string_view id, std::vector<std::string> names)
{
    const auto found = operations_.find(id);
    if (found == operations_.end() || names.empty()) return;
    found->second.dependents = std::move(names);
    state_.keep({record_of(found->second)});
}

void Operations::add_run(std::string_view id, const std::string& run)
{
    const auto found = operations_.find(id);
    if (found == operations_.end()) return;
    found->second.runs.push_back(run);
    state_.keep({record_of(found->second)});
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
