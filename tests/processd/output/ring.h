// SPDX-License-Identifier: GPL-3.0-or-later
// tests/processd/output/ring.h: a real ring in a memfd, written by the keeper's own writer.
#pragma once

#include "helpers/base/unique_fd.h"
#include "processd/protocol/ring.h"

#include <optional>
#include <string_view>
#include <sys/mman.h>

namespace test {

inline constexpr std::int64_t ring_wall_ns = 1'790'000'000'000'000'000;

class Ring {
public:
    explicit Ring(std::size_t size = 128 * 1024)
        : fd_(::memfd_create("ring", MFD_CLOEXEC)), mapped_(processd::protocol::ring_header_size + size)
    {
        if (::ftruncate(fd_.get(), static_cast<off_t>(mapped_)) != 0) return;
        memory_ = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
        writer_.emplace(memory_, size, 1);
    }
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    ~Ring() { ::munmap(memory_, mapped_); }

    // Clocks tell ms milliseconds.
    void write(processd::protocol::Stream stream, std::string_view data, std::int64_t ms = 1)
    {
        writer_->append(stream, data, ms * 1'000'000, ring_wall_ns + ms * 1'000'000);
    }
    void out(std::string_view data, std::int64_t ms = 1) { write(processd::protocol::Stream::out, data, ms); }
    void err(std::string_view data, std::int64_t ms = 1) { write(processd::protocol::Stream::err, data, ms); }
    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] void* memory() const { return memory_; }

private:
    base::UniqueFd fd_;
    std::size_t mapped_;
    void* memory_ = nullptr;
    std::optional<processd::protocol::RingWriter> writer_;
};

} // namespace test
