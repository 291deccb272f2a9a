// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/ring_memory.h"

#include <algorithm>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <utility>

namespace processd::keeper {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t max_ring_size = 64 * 1024 * 1024;

} // namespace

std::uint64_t RingMemory::size_for(std::uint64_t bytes)
{
    return std::clamp((bytes + page - 1) / page * page, protocol::min_ring_size, max_ring_size);
}

base::Result<RingMemory> RingMemory::make(std::uint64_t bytes)
{
    RingMemory ring;
    ring.size_ = size_for(bytes);
    const auto mapped = protocol::ring_header_size + ring.size_;
    ring.fd_.reset(::memfd_create("ctdb-processd-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!ring.fd_) return base::fail(errno, "create an output ring");
    if (::ftruncate(ring.fd_.get(), static_cast<off_t>(mapped)) < 0) return base::fail(errno, "size an output ring");
    if (::fcntl(ring.fd_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return base::fail(errno, "seal an output ring");
    void* memory = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd_.get(), 0);
    if (memory == MAP_FAILED) return base::fail(errno, "map an output ring");
    ring.memory_ = memory;
    if (::madvise(memory, mapped, MADV_DONTFORK) < 0) return base::fail(errno, "keep an output ring out of forks");
    ring.writer_.emplace(memory, ring.size_, 0);
    if (auto reader = reopen_read_only(ring.fd_.get()); reader) ring.fd_ = std::move(reader);
    return ring;
}

void RingMemory::set_owner(std::uint64_t child) { writer_.emplace(memory_, size_, child); }

RingMemory::RingMemory(RingMemory&& other) noexcept
    : fd_(std::move(other.fd_)),
      memory_(std::exchange(other.memory_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      writer_(std::exchange(other.writer_, std::nullopt))
{
}

RingMemory& RingMemory::operator=(RingMemory&& other) noexcept
{
    std::swap(fd_, other.fd_);
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    std::swap(writer_, other.writer_);
    return *this;
}

RingMemory::~RingMemory()
{
    if (memory_ != nullptr) ::munmap(memory_, protocol::ring_header_size + size_);
}

base::UniqueFd reopen_read_only(int fd)
{
    const auto path = "/proc/self/fd/" + std::to_string(fd);
    return base::UniqueFd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
}

} // namespace processd::keeper
