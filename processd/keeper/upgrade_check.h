// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/upgrade_check.h: asking an installed program whether it can take up what this one knows. It is run in
// a child, as `ctdb-processd --can-take-up FD` with the real state; so a program that is none, hangs or crashes harms
// nobody. It checks the state, then executes the manager of its package, which checks the configuration.
//
// can_take_up() is the other side, in the new program.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"
#include "processd/keeper/host.h"
#include "processd/keeper/options.h"

#include <string>
#include <string_view>
#include <sys/types.h>

namespace processd::keeper {

class UpgradeCheck {
public:
    UpgradeCheck() noexcept = default; // none
    static base::Result<UpgradeCheck> start(const std::string& program, const Options& options, int state,
                                            const Baseline& baseline);

    explicit operator bool() const noexcept { return pid_ > 0; }
    [[nodiscard]] int fd() const noexcept { return pipe_.get(); } // what it says
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }     // to be reaped by the keeper
    bool read();                                                  // false: it will say no more
    void give_up() noexcept;                                      // kills it

    // Once it was reaped: the new program's version, or in its words why not.
    [[nodiscard]] base::Result<std::string> verdict(int wait_status);

private:
    pid_t pid_ = 0;
    base::UniqueFd pipe_;
    std::string said_;
};

// Reads the state and becomes the manager that checks the configuration; the exit code if it does not come to that.
int can_take_up(const Options& options, std::string_view version);

} // namespace processd::keeper
