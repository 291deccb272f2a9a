// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/lock/holders.h: who keeps a lock from us. Two sources: the kernel's /proc/locks for fcntl locks, and the
// words that glibc keeps in the shared mutexes of a tdb. What either says is a snapshot taken without any lock, good
// for a line that people read. The functions down to mutex_owners are pure, and take whatever bytes there are.
#pragma once

#include "helpers/lock/request.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace lock {

// One line of /proc/locks, see proc_locks(5).
struct ProcLock {
    bool waits = false; // else it is held
    bool posix = false; // or of an open file description; flock and leases never meet a tdb's locks
    bool write = false;
    pid_t pid = 0; // of the reader's namespace; -1 for an open file description's lock
    std::uint32_t device_major = 0, device_minor = 0;
    std::uint64_t inode = 0, first = 0, last = 0; // bytes of the file

    friend bool operator==(const ProcLock&, const ProcLock&) = default;
};

std::vector<ProcLock> parse_proc_locks(std::string_view text); // a line that is something else is passed over

struct Blockers {
    std::vector<pid_t> holders; // each once
    unsigned waiting = 0;       // processes that wait for locks of this file
};

// Who holds what is in the way of our process, or when it doesn't wait (any more) of anybody who waits for this file.
// Our own line says what the kernel calls the file, which is not always what stat says (btrfs); without it the inode
// has to do.
Blockers blockers_of(const std::vector<ProcLock>& locks, pid_t self, std::uint64_t inode);

// The head of a tdb that has mutexes: who holds what a wait for this lock can be about, as thread ids, each once and
// never self. chain is the record's, or -1 if it isn't known.
std::vector<pid_t> mutex_owners(std::span<const unsigned char> head, Kind kind, int chain, pid_t self);
// How many bytes of a tdb are its head; 0 if it has no mutexes. begin is the first 168 bytes or more.
std::size_t mutex_bytes(std::span<const unsigned char> begin);

// A process that holds, as people know it. What can't be read any more stays empty.
struct Holder {
    pid_t pid = 0;
    std::string name;
    char state = '?'; // as in ps: T stopped, D in an uninterruptible wait, Z a zombie

    friend bool operator==(const Holder&, const Holder&) = default;
};

Holder parse_status(pid_t pid, std::string_view status); // of /proc/PID/status; a thread becomes its process

} // namespace lock
