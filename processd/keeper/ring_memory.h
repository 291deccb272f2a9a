// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/ring_memory.h: the memfd of one child's output ring and its writer. Memory is touched only as output
// comes, is not inherited by forks, and cannot shrink under a reader's mapping.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"
#include "processd/protocol/ring.h"

#include <cstdint>
#include <optional>

namespace processd::keeper {

class RingMemory {
public:
    RingMemory() noexcept = default; // none
    // Rounded up to pages and into the limits of a ring: data bytes.
    static std::uint64_t size_for(std::uint64_t bytes);
    static base::Result<RingMemory> make(std::uint64_t bytes);
    // One that another program has made in this process, and written to. fd: what its reader_fd() was, to be handed
    // over by own() once nothing can go wrong any more.
    static base::Result<RingMemory> take_up(int fd);
    void own(int fd) noexcept { fd_.reset(fd); }
    void set_owner(std::uint64_t child); // before anything is written
    RingMemory(RingMemory&& other) noexcept;
    RingMemory& operator=(RingMemory&& other) noexcept;
    ~RingMemory();

    explicit operator bool() const noexcept { return writer_.has_value(); }
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; } // data bytes
    [[nodiscard]] std::uint64_t head() const noexcept { return writer_ ? writer_->head() : 0; }
    protocol::RingWriter& writer() noexcept { return *writer_; }

    // To be given to readers: read-only, unless /proc is missing.
    [[nodiscard]] int reader_fd() const noexcept { return fd_.get(); }

private:
    static base::Result<void*> map(int fd, std::uint64_t size);

    base::UniqueFd fd_;
    void* memory_ = nullptr;
    std::uint64_t size_ = 0;
    std::optional<protocol::RingWriter> writer_;
};

// A descriptor of its own for the same file, read-only and at its beginning; an invalid one where /proc is missing.
base::UniqueFd reopen_read_only(int fd);
// The same, for writing, of a ring: fd itself where it may be written to. An errno if there is none.
base::Result<base::UniqueFd> reopen_ring(int fd);

} // namespace processd::keeper
