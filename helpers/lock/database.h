// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/lock/database.h: the tdb and the lock on it, through libtdb alone, so that fcntl locks, mutexes and whatever
// the file's flags say are as ctdbd's and smbd's. POSIX locks go with the first close of any descriptor of the file:
// nothing in this program may open the file a second time.
#pragma once

#include "helpers/base/result.h"
#include "helpers/lock/request.h"

#include <memory>
#include <tdb.h>

namespace lock {

class Database {
public:
    static base::Result<Database> open(const Request& request); // waits only while another process is opening it

    bool try_lock();                    // never waits
    base::Result<void> wait_for_lock(); // waits without limit
    void unlock();
    void close() { tdb_.reset(); } // nothing but the destructor may follow

    [[nodiscard]] int fd() const;
    [[nodiscard]] bool has_mutexes() const; // as the file says, whatever the flags
    // Which of the chains the record is in; only for the hash that ctdbd uses (TDB_INCOMPATIBLE_HASH), else -1.
    [[nodiscard]] int chain() const;

private:
    struct Closer {
        void operator()(tdb_context* tdb) const noexcept { tdb_close(tdb); }
    };
    Database(tdb_context* tdb, const Request& request) : tdb_(tdb), kind_(request.kind), key_(request.key) {}
    [[nodiscard]] TDB_DATA key() const;

    std::unique_ptr<tdb_context, Closer> tdb_;
    Kind kind_;
    mutable std::string key_; // libtdb takes it without const
};

} // namespace lock
