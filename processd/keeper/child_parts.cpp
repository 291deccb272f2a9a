// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/child_parts.h"

#include <array>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace processd::keeper {

base::Result<Pipe> Pipe::make(const char* what)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) return base::fail(errno, std::string("make a pipe for ") + what);
    Pipe pipe{base::UniqueFd{ends[0]}, base::UniqueFd{ends[1]}};
    if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) return base::fail(errno, "make a pipe non-blocking");
    return pipe;
}

base::Result<ChildParts> ChildParts::make(std::uint64_t ring_bytes)
{
    ChildParts parts;
    parts.null.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!parts.null) return base::fail(errno, "open standard input");
    auto ring = RingMemory::make(ring_bytes);
    if (!ring) return tl::unexpected(ring.error());
    parts.ring = std::move(*ring);
    const std::array<std::pair<Pipe*, const char*>, 3> pipes{
        {{&parts.out, "standard output"}, {&parts.err, "standard error"}, {&parts.status, "the spawn's status"}}};
    for (const auto& [pipe, what] : pipes) {
        auto made = Pipe::make(what);
        if (!made) return tl::unexpected(made.error());
        *pipe = std::move(*made);
    }
    return parts;
}

} // namespace processd::keeper
