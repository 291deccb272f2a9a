// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/init.h: what ctdb-processd is as process 1 of a container, or wherever --init asks for it: a stub
// with the keeper as its only child. The keeper itself is never process 1, because CTDB's helpers take a parent with
// pid 1 for a parent that died, and let go of locks that ctdbd believes it holds (docs/adr/0012-init-stub.md).
//
// The stub reaps whatever it inherits, passes signals on, and ends with the keeper: with its exit code, or 128 + N if
// signal N killed it. Nothing outlives it: as process 1 the kernel sees to that, elsewhere it kills what is left. A
// stub that is killed outside of a pid namespace of its own has the keeper stop in order.
#pragma once

#include "helpers/base/result.h"

#include <optional>

namespace processd::keeper {

// Forks. Returns in the child, which goes on as the keeper, in a session of its own: what is typed at the terminal
// reaches the stub alone, so the keeper hears of it once. The parent becomes the stub and does not return.
base::Result<void> go_on_below_stub();

// What the keeper gets when the stub has got this signal; nothing: it is for nobody. Whatever container runtimes send
// to stop a container is SIGTERM to the keeper.
std::optional<int> signal_for_keeper(int signal);

} // namespace processd::keeper
