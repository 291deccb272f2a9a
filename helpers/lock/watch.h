// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/lock/watch.h: what happens beside a blocking lock call: a thread that ends the process as soon as ctdbd is
// gone, and that reports a wait which takes too long. The thread that waits for the lock never waits for this one: it
// takes notice of a change by an eventfd.
#pragma once

#include "helpers/base/result.h"
#include "helpers/lock/ctdbd.h"
#include "helpers/lock/report.h"
#include "helpers/lock/request.h"

#include <atomic>
#include <optional>
#include <thread>

namespace lock {

class Watch {
public:
    // tdb_fd: of the open database; it is duplicated, and the duplicate stays open until the end of the process, as
    // closing it would drop the locks. chain: see Database. No threshold: no reports.
    Watch(const Request& request, const Ctdbd& ctdbd, int tdb_fd, int chain, std::optional<base::Duration> threshold);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch();

    void locked();   // the wait is over. Never waits
    void released(); // SIGTERM came, the lock is gone
    // Returns when nothing is left to report: at once, unless this helper leads others that still wait.
    void finish();

private:
    enum class Phase { waiting, held, released };
    struct Place { // of the file, as the kernel and we call it
        std::uint64_t device = 0, inode = 0;
    };

    void run();
    void change(Phase phase);
    [[nodiscard]] Report report(Report::Moment moment, base::Time since, unsigned helpers, unsigned peak) const;
    void find_holders(Report& report) const;

    const Request& request_;
    const Ctdbd& ctdbd_;
    int tdb_fd_;
    int chain_;
    std::optional<base::Duration> threshold_;
    base::Time began_;
    pid_t waiter_; // the thread that waits
    std::atomic<Phase> phase_{Phase::waiting};
    base::UniqueFd changed_;
    std::unique_ptr<Reporter> reporter_;
    std::thread thread_;
};

} // namespace lock
