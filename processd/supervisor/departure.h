// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/departure.h: the end of this manager, which gives way to one of another version. Who is in here
// has a moment to be answered, followers of the log to get what is in the window, sinks to write what they have; so the
// next manager reads on exactly where this one stood, and no line comes twice. What happens meanwhile is for the next
// manager: the keeper tells it of everything. A manager that is killed instead loses nothing either, but lines of its
// last instant may come twice.
#pragma once

#include "processd/loop/loop.h"

#include <functional>

namespace processd::loop {
class KeeperClient;
}

namespace processd::supervisor {

class Journal;
class Runs;

class Departure {
public:
    // on_leave: it has begun, nobody new is to come in. on_gone: this manager can end.
    Departure(loop::Loop& loop, loop::KeeperClient& keeper, Runs& runs, Journal& journal,
              std::function<void()> on_leave, std::function<void()> on_gone);

    void begin();

private:
    void finish();

    loop::KeeperClient& keeper_;
    Runs& runs_;
    Journal& journal_;
    std::function<void()> on_leave_, on_gone_;
    loop::Timer timer_;
    bool begun_ = false;
};

} // namespace processd::supervisor
