// SPDX-License-Identifier: GPL-3.0-or-later
// processd/store/syncer.h: one thread that calls fdatasync, so that a slow disk never holds up the loop. It is started
// by the first request and sleeps without a timer in between. A failed sync is logged once until one succeeds. The
// descriptors stay their owner's and must outlive this; they are not dup'ed, as closing a copy would drop the POSIX
// locks that tdb holds on the file.
#pragma once

#include <memory>
#include <vector>

namespace processd::store {

class Syncer {
public:
    Syncer();
    Syncer(const Syncer&) = delete;
    Syncer& operator=(const Syncer&) = delete;
    ~Syncer(); // waits for a sync under way

    void request(std::vector<int> fds); // returns at once
    void wait();                        // until everything requested is done

private:
    struct Shared;
    std::unique_ptr<Shared> shared_;
};

} // namespace processd::store
