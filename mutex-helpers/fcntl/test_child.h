// SPDX-License-Identifier: GPL-3.0-or-later
// mutex-helpers/fcntl/test_child.h: the process that sees whether the lock file is still what was locked. It touches
// the file system, so that on one that hangs it is stuck and not the holder. Holder and child tell each other that they
// are alive; who hears nothing for too long ends the other one, or lets go.
#pragma once

#include "helpers/base/time.h"
#include "helpers/base/unique_fd.h"

#include <string>
#include <sys/stat.h>
#include <sys/types.h>

namespace mutex {

struct Recheck {
    std::string file;
    dev_t device = 0;
    ino_t inode = 0;
    std::chrono::seconds interval{5};
    std::chrono::seconds ping_timeout{0}; // 0: the child says something after each check only
};

// Counts ticks without a word from the other side. Not by the clock: after a pause of the whole machine one tick has
// passed, and the other side gets its chance.
class Silence {
public:
    explicit Silence(std::int64_t limit) : limit_(limit) {}
    void heard() { ticks_ = 0; }
    bool tick() { return ++ticks_ > limit_; } // true when it has been too long

private:
    std::int64_t limit_, ticks_ = 0;
};

// Opens and locks byte 1 of the file and lets go; what is wrong, or empty. May block.
std::string check_lock_file(const Recheck& what);

struct TestChild {
    pid_t pid = -1;
    base::UniqueFd socket; // stream: end of file when the child has ended, a byte for each word of it
};
// errno in case of failure: pid is -1 then. The child closes lock_fd.
TestChild start_test_child(const Recheck& what);

} // namespace mutex
