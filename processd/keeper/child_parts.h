// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/child_parts.h: what a child needs besides a process: its output ring, its pipes, its standard input.
// None of it depends on who the child is, so the keeper makes one set ahead, while the last child is on its way.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"
#include "processd/keeper/ring_memory.h"

#include <cstdint>

namespace processd::keeper {

// The end that stays with the keeper does not block; the child's does, as programs expect.
struct Pipe {
    base::UniqueFd read_end, write_end;
    static base::Result<Pipe> make(const char* what);
};

struct ChildParts {
    RingMemory ring; // without an owner yet
    Pipe out, err, status;
    base::UniqueFd null; // /dev/null, to read from
    static base::Result<ChildParts> make(std::uint64_t ring_bytes);
};

} // namespace processd::keeper
