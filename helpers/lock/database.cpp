// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/lock/database.h"

#include <cstring>
#include <fcntl.h>
#include <strings.h>

// Debian's libtdb.a leaves out what Samba's libreplace gives to libtdb.so: this one function.
extern "C" int rep_memset_s(void* destination, std::size_t size, int value, std::size_t count);
extern "C" int rep_memset_s(void* destination, std::size_t size, int value, std::size_t count)
{
    if (destination == nullptr) return EINVAL;
    std::memset(destination, value, count < size ? count : size);
    __asm__ volatile("" : : "r"(destination) : "memory"); // it is there to wipe memory that nobody reads again
    return count > size ? EINVAL : 0;
}

namespace lock {

base::Result<Database> Database::open(const Request& request)
{
    auto* tdb = tdb_open(request.path.c_str(), 0, request.tdb_flags, O_RDWR, 0600);
    if (tdb == nullptr) return base::fail(errno, "Error opening database " + request.path);
    return Database{tdb, request};
}

TDB_DATA Database::key() const { return {reinterpret_cast<unsigned char*>(key_.data()), key_.size()}; }

bool Database::try_lock()
{
    return (kind_ == Kind::record ? tdb_chainlock_nonblock(tdb_.get(), key()) : tdb_lockall_nonblock(tdb_.get())) == 0;
}

base::Result<void> Database::wait_for_lock()
{
    const bool record = kind_ == Kind::record;
    if ((record ? tdb_chainlock(tdb_.get(), key()) : tdb_lockall(tdb_.get())) == 0) return {};
    return base::fail(base::Errc::unavailable,
                      std::string(record ? "Error getting record lock (" : "Error getting db lock (") +
                          tdb_errorstr(tdb_.get()) + ")");
}

void Database::unlock()
{
    if (kind_ == Kind::record)
        tdb_chainunlock(tdb_.get(), key());
    else
        tdb_unlockall(tdb_.get());
}

int Database::fd() const { return tdb_fd(tdb_.get()); }

bool Database::has_mutexes() const { return (tdb_get_flags(tdb_.get()) & TDB_MUTEX_LOCKING) != 0; }

int Database::chain() const
{
    if (kind_ != Kind::record || (tdb_get_flags(tdb_.get()) & TDB_INCOMPATIBLE_HASH) == 0) return -1;
    auto data = key();
    return static_cast<int>(tdb_jenkins_hash(&data) % static_cast<unsigned>(tdb_hash_size(tdb_.get())));
}

} // namespace lock
