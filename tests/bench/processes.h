// SPDX-License-Identifier: GPL-3.0-or-later
// tests/bench/processes.h: other processes, looked at through /proc.
#pragma once

#include <set>
#include <string>
#include <sys/types.h>
#include <vector>

namespace bench {

// argv as system calls want it. Borrows the words.
class Argv {
public:
    explicit Argv(const std::vector<std::string>& words);
    [[nodiscard]] char** data() { return pointers_.data(); }

private:
    std::vector<char*> pointers_;
};

// A process and all below it.
std::set<pid_t> tree_of(pid_t root);

struct Memory {
    long pss_kb = 0;
    long memfd_kb = 0; // what of it is mapped memfds
};
Memory memory_of(pid_t pid);

// How often its threads were put on a processor: switches of both kinds.
long switches_of(pid_t pid);

} // namespace bench
