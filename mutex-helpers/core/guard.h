// SPDX-License-Identifier: GPL-3.0-or-later
// mutex-helpers/core/guard.h: a process that does nothing but see to it that the holder of a lease is gone when the
// lease ends. The holder looks at the time itself; but a holder that was stopped, or does not get a processor, would
// keep its standard output open, and so keep ctdbd believing, while another node takes over.
#pragma once

#include "helpers/base/time.h"
#include "helpers/base/unique_fd.h"

namespace mutex {

class Guard {
public:
    // How long after the end of the lease the holder is killed: it should have ended by itself, and said why.
    static constexpr std::chrono::milliseconds slack{100};

    // The first call starts the process, as does one that finds it gone.
    void expect_end_by(base::Time when);
    // The holder ends by itself now.
    void dismiss() { fd_.reset(); }

private:
    void start();
    base::UniqueFd fd_;
};

} // namespace mutex
