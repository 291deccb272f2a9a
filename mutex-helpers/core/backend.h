// SPDX-License-Identifier: GPL-3.0-or-later
// mutex-helpers/core/backend.h: the seam between what all mutex helpers do (core/helper.h) and what one kind of mutex
// needs. A backend is called from one thread of its own and may block as long as it likes: answering in time, the
// parent, SIGTERM and the end of a lease are looked after by the main thread, which ends the process over its head when
// it must. docs/mutex-backends.md says how to write one.
#pragma once

#include "mutex-helpers/core/course.h"

namespace mutex {

// What a backend may ask of the helper while it takes or holds.
class Call {
public:
    virtual ~Call() = default;
    [[nodiscard]] virtual bool wanted() const = 0;     // false: let go, nobody waits for you any more
    [[nodiscard]] virtual int unwanted_fd() const = 0; // readable as soon as that is so, for poll()
    virtual bool wait_until(base::Time when) = 0;      // wanted()
    virtual void renewed(base::Time valid_until) = 0;  // the lease lasts until then, surely
};

using Answer = std::variant<Took, Contended, Failed>;

class Backend {
public:
    virtual ~Backend() = default;
    // One attempt. Silent on contention. For a lease the time is counted from before the request was sent.
    virtual Answer take(Call& call) = 0;
    // Called when the mutex was taken; returns when it is lost, with the reason (empty if it was said already), or when
    // the call is not wanted any more.
    virtual std::string hold(Call& call) = 0;
    // Called after hold, and after a take that nobody waited for any more, whatever it answered. What is not done in a
    // second is not waited for.
    virtual void let_go() = 0;
};

struct Traits {
    Rules rules;
    base::Duration answer_within = std::chrono::seconds(4);
    bool ends_on_sigterm = true; // false: let_go on SIGTERM; true: SIGTERM ends the process, which is letting go
    bool needs_parent = false;   // with process 1 as its parent the helper does not even start
};

} // namespace mutex
