// SPDX-License-Identifier: GPL-3.0-or-later
// mutex-helpers/core/parent.h: is the process that started us still there? By pidfd, so that we know at once, also when
// it is a zombie that nobody reaps, and are not fooled by another process that gets its pid. Where the kernel gives no
// pidfd, getppid() is asked every 5 s.
#pragma once

#include "helpers/base/time.h"
#include "helpers/base/unique_fd.h"

#include <sys/types.h>

namespace mutex {

class ParentWatch {
public:
    enum class Kind {
        pidfd,
        polled,
        init, // it was process 1 at our start: either that one started us, or our parent was gone before we asked
    };
    static constexpr std::chrono::seconds period{5};

    static ParentWatch start(); // of the calling process's parent

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    [[nodiscard]] int fd() const noexcept { return pidfd_.get(); } // readable when it has ended; -1: ask every period
    [[nodiscard]] bool gone() const noexcept;

private:
    Kind kind_ = Kind::polled;
    pid_t pid_ = 0;
    base::UniqueFd pidfd_;
};

} // namespace mutex
