// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/lock/ctdbd.h: is the ctdbd that asked still there? A pidfd says so at once, also while its zombie is left.
// Where there are none (an old kernel, a container's filter) one has to look every recheck().
#pragma once

#include "helpers/base/time.h"
#include "helpers/base/unique_fd.h"

#include <optional>
#include <sys/types.h>

namespace lock {

class Ctdbd {
public:
    explicit Ctdbd(pid_t pid);

    [[nodiscard]] bool gone() const;
    [[nodiscard]] int fd() const { return pidfd_.get(); }        // readable once it is gone; -1 if it can't be had
    [[nodiscard]] std::optional<base::Duration> recheck() const; // how often to ask gone() without fd()

private:
    pid_t pid_;
    bool parent_; // it started us itself, without a wrapper in between
    base::UniqueFd pidfd_;
};

} // namespace lock
