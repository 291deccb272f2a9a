// SPDX-License-Identifier: GPL-3.0-or-later
// processd/loop/work.h: something that may block, done on a thread of libuv's pool; `done` then comes on the loop. What
// both share they own together (shared_ptr), as neither can be cancelled. Reaching for this is rare: files of the
// configuration directory at a reload, /proc of the keeper.
#pragma once

#include "helpers/base/unique_fd.h"
#include "processd/loop/loop.h"

#include <functional>

namespace processd::loop {

void work(Loop& loop, std::function<void()> on_thread, std::function<void()> done);

} // namespace processd::loop
