// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/upgrade.h"

#include "helpers/base/log.h"
#include "processd/loop/keeper_client.h"
#include "processd/store/state.h"
#include "processd/supervisor/keeper_json.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace processd::supervisor {
namespace {

using nlohmann::json;
using protocol::UpgradeAnswer;

constexpr auto action = "upgrade";
constexpr auto key = "upgrade"; // the keeper's count when it was asked

std::string from_to(const Operation& operation)
{
    return "version " + operation.from_version.value_or("?") + " gave way to " + operation.to_version.value_or("?");
}

} // namespace

Upgrade::Upgrade(loop::KeeperClient& keeper, Operations& operations, store::State& state, const protocol::Hello& hello)
    : keeper_(keeper), operations_(operations), state_(state), hello_(hello)
{
}

std::optional<Operation> Upgrade::open() const
{
    for (auto& operation : operations_.open())
        if (operation.action == action) return std::move(operation);
    return std::nullopt;
}

void Upgrade::ask(const std::optional<model::Identity>& by, Done done)
{
    if (const auto other = open())
        return done(base::fail(base::Errc::conflict, "an upgrade is under way: operation " + other->id));
    auto operation = operations_.begin(action, "", by);
    if (!operation) return done(tl::unexpected(operation.error()));
    operations_.tell_versions(operation->id, text_of(hello_.version), std::nullopt);
    if (auto saved = state_.put_now(key, json{{"operation", operation->id}, {"upgrades", hello_.upgrades}}); !saved) {
        operations_.finish(operation->id, "failed", saved.error().message());
        return done(tl::unexpected(saved.error()));
    }
    base::log::info("upgrade asked for", {{"by", by ? model::sentence(*by) : "the daemon"}});
    done_ = std::move(done);
    keeper_.ask_upgrade();
}

void Upgrade::resume()
{
    const auto operation = open();
    if (!operation) return;
    const auto asked = state_.get(key);
    if (!asked || asked->value("operation", "") != operation->id ||
        hello_.upgrades == asked->value("upgrades", std::uint32_t{0}))
        return keeper_.ask_upgrade();
    operations_.tell_versions(operation->id, operation->from_version, text_of(hello_.version));
    const auto done = *operations_.get(operation->id);
    base::log::info("upgrade done", {{"version", *done.to_version},
                                     {"version_before", done.from_version.value_or("?")},
                                     {"by", done.asked_by ? model::sentence(*done.asked_by) : "the daemon"}});
    operations_.finish(done.id, "ok", from_to(done));
}

void Upgrade::told(const protocol::Upgrade& answer)
{
    const auto operation = open();
    const auto done = std::exchange(done_, {});
    const auto reason = text_of(answer.reason);
    if (answer.answer == UpgradeAnswer::accepted) {
        if (operation) operations_.tell_versions(operation->id, operation->from_version, text_of(answer.version));
        if (done && operation) done(operations_.get(operation->id));
        return on_accepted();
    }
    if (operation) operations_.finish(operation->id, "failed", reason);
    const bool stopping = answer.answer == UpgradeAnswer::stopping;
    if (done) done(base::fail(stopping ? base::Errc::conflict : base::Errc::not_permitted, reason));
}

} // namespace processd::supervisor
