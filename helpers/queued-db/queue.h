// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/queued-db/queue.h: changes to a persistent CTDB database that are kept on this node until ctdbd has them.
// Any number of processes may use a queue at once. put() returns when the change survives a power cut, and does not
// wait for a flush that is under way. flush() carries the last change of each key to the database, in transactions of
// bounded size, and takes from the queue exactly what was committed: a key that was changed again meanwhile stays. A
// crash at any moment repeats at most a transaction, which changes nothing.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"
#include "helpers/queued-db/log_file.h"
#include "helpers/queued-db/operation.h"

#include <functional>
#include <string>
#include <vector>

namespace queued_db {

// One transaction: the text for "ctdb ptrans". Success means committed.
using Carrier = std::function<base::Result<void>(const std::string& text)>;

enum class Decision { send, keep, drop };
using Decide = std::function<Decision(const Operation&)>;

struct Limits {
    std::size_t log_bytes = 64U << 20U; // what the log may take on disk
    std::size_t batch_entries = 1000;   // of a transaction, as ctdb's time for one grows with the square of them
    std::size_t batch_bytes = 512U << 10U;
    base::Duration lock_timeout = std::chrono::seconds{10};
};

struct Flushed {
    std::size_t sent = 0, kept = 0, dropped = 0, transactions = 0;
};

struct Status {
    std::size_t pending = 0, log_bytes = 0; // keys to be carried; size of the log
    unsigned failures = 0;                  // flushes that failed, since the last that did not
    base::Duration wait{0};                 // until flush_if_due() tries again
};

class Queue {
public:
    // base_directory/DB is made if it is not there. A database's name must be a file's name.
    static base::Result<Queue> open(const std::string& base_directory, const std::string& db, Limits limits = {});

    // All or none. Errc::bad_input for what the carrier cannot carry, Errc::limit if the log would grow too large.
    base::Result<void> put(const std::vector<Operation>& operations);
    base::Result<std::vector<Entry>> pending() const;
    base::Result<Flushed> flush(const Carrier& carrier, const Decide& decide = {});
    // Does nothing while a failure is so recent that ctdbd had better be left alone: 1 s after the first, twice as long
    // after each further one, 30 s at most.
    base::Result<Flushed> flush_if_due(const Carrier& carrier, const Decide& decide = {});
    // For who has more to do while no other process flushes: flush_held() is flush() below a lock that the caller
    // holds.
    base::Result<base::UniqueFd> hold_flushes() const;
    base::Result<Flushed> flush_held(const Carrier& carrier, const Decide& decide = {});
    base::Result<Status> status() const;
    // Reads without mending; an error of Errc::corrupt says what is damaged.
    base::Result<Log> check() const;

private:
    Queue(std::string directory, Limits limits) : directory_(std::move(directory)), limits_(limits) {}
    [[nodiscard]] std::string path(const char* name) const { return directory_ + "/" + name; }
    base::Result<LogFile> locked_log(base::UniqueFd& lock) const;
    base::Result<Flushed> carry(const Carrier& carrier, const Decide& decide);
    void note_failure(bool failed) const;

    std::string directory_;
    Limits limits_;
};

} // namespace queued_db
