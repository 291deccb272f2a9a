// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/manager.h: the manager's process and the mail between it and the keeper. A manager may crash, hang or
// be killed at any moment; the keeper starts the next one. Decisions about when are here, as values; Keeper carries
// them out.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"
#include "helpers/base/unique_fd.h"
#include "processd/keeper/host.h"
#include "processd/keeper/options.h"
#include "processd/keeper/program.h"
#include "processd/protocol/message.h"

#include <deque>
#include <optional>
#include <sys/types.h>

namespace processd::keeper {

// How long to wait before the next manager. At once after a life that was not short, and after the first short one;
// then 100 ms, doubled each time up to 5 s. A life of a minute makes all good.
class BackOff {
public:
    base::Duration after(base::Duration lived);
    [[nodiscard]] int short_lives() const noexcept { return short_lives_; }
    void take_up(int short_lives) noexcept { short_lives_ = short_lives; }

private:
    int short_lives_ = 0;
};

// Mail that the manager has not said it handled. It is hung when the oldest is older than mail_patience; times are kept
// to a second. No mail, no deadline.
class Mail {
public:
    void sent(std::uint64_t seq, base::Time now);
    void handled(std::uint64_t seq); // all up to this one
    [[nodiscard]] std::optional<base::Time> deadline() const;
    void forgive(base::Time now); // the keeper itself was away: count from now

private:
    struct Entry {
        std::uint64_t first; // seq
        base::Time at;
    };
    std::deque<Entry> entries_;
    std::uint64_t last_ = 0;
};

struct ManagerProcess {
    pid_t pid = 0; // 0: none is alive
    base::UniqueFd channel;
    std::uint32_t incarnation = 0;
    base::Time started{};
    bool ready = false;
    bool hung = false;          // killed for that
    bool blocked = false;       // its socket was full: waiting for POLLOUT
    bool woken_in_vain = false; // by POLLOUT, since the last message was sent
    bool hello_sent = false;
    bool hello_end_sent = false;
    std::uint64_t hello_left = 0; // children still to be introduced before hello_end
    std::uint64_t sent_seq = 0;
    std::uint64_t handled_seq = 0;
    Mail mail;
};

// Starts the program with the channel at descriptor 3. It dies with the keeper. The error says what went wrong up to
// and including fork; a failing exec is exit code 127. It gets the keeper's nice value and the OOM score that the
// keeper was given. It is the program that was there when this keeper's was: a newer one speaks another protocol.
base::Result<ManagerProcess> start_manager(const Program& program, const Options& options, const Baseline& baseline,
                                           const Abilities& abilities);

} // namespace processd::keeper
