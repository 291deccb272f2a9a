// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/upgrade.h: the wish for another version of the daemon, from who asked for it to how it went. The
// keeper does it (processd/keeper/keeper_upgrade.cpp); in between this manager ends and one of the new version begins.
// So the wish is an operation, on record before the keeper hears of it: the next manager sees from the keeper's count
// of upgrades whether it was done, and asks again if not.
#pragma once

#include "helpers/base/result.h"
#include "processd/model/run_record.h"
#include "processd/protocol/message.h"
#include "processd/supervisor/operations.h"

#include <functional>
#include <optional>
#include <string>

namespace processd::loop {
class KeeperClient;
}
namespace processd::store {
class State;
}

namespace processd::supervisor {

class Upgrade {
public:
    // The operation when the keeper has accepted: it ends with the next manager. Errc::conflict: not now, as another is
    // under way or the daemon stops. Errc::not_permitted: the keeper says why the installed program is none.
    using Done = std::function<void(const base::Result<Operation>&)>;

    Upgrade(loop::KeeperClient& keeper, Operations& operations, store::State& state, const protocol::Hello& hello);

    std::function<void()> on_accepted; // this manager has to end, soon

    void ask(const std::optional<model::Identity>& by, Done done);
    void resume(); // what an earlier manager was asked for
    void told(const protocol::Upgrade& answer);

private:
    [[nodiscard]] std::optional<Operation> open() const;

    loop::KeeperClient& keeper_;
    Operations& operations_;
    store::State& state_;
    const protocol::Hello& hello_;
    Done done_; // while somebody waits
};

} // namespace processd::supervisor
