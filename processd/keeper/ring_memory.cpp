// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/ring_memory.h"

#include <algorithm>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
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
    const auto memory = map(ring.fd_.get(), ring.size_);
    if (!memory) return tl::unexpected(memory.error());
    ring.memory_ = *memory;
    ring.writer_.emplace(*memory, ring.size_, 0);
    if (auto reader = reopen_read_only(ring.fd_.get()); reader) ring.fd_ = std::move(reader);
    return ring;
}

base::Result<void*> RingMemory::map(int fd, std::uint64_t size)
{
    const auto mapped = protocol::ring_header_size + size;
    void* memory = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) return base::fail(errno, "map an output ring");
    if (::madvise(memory, mapped, MADV_DONTFORK) == 0) return memory;
    const int error = errno;
    ::munmap(memory, mapped);
    return base::fail(error, "keep an output ring out of forks");
}

base::Result<RingMemory> RingMemory::take_up(int fd)
{
    struct stat info {};
    if (::fstat(fd, &info) < 0) return base::fail(errno, "look at an output ring");
    const auto size = static_cast<std::uint64_t>(info.st_size) - protocol::ring_header_size;
    if (info.st_size <= static_cast<off_t>(protocol::ring_header_size) || size != size_for(size))
        return base::fail(base::Errc::corrupt, "an output ring has an impossible size");
    auto writable = reopen_ring(fd);
    if (!writable) return tl::unexpected(writable.error());
    const auto memory = map(*writable ? writable->get() : fd, size);
    if (!memory) return tl::unexpected(memory.error());
    RingMemory ring;
    ring.memory_ = *memory;
    ring.size_ = size;
    if (const auto sound = protocol::RingReader::open(*memory, protocol::ring_header_size + size); !sound)
        return tl::unexpected(sound.error());
    ring.writer_.emplace(*memory);
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

base::Result<base::UniqueFd> reopen_ring(int fd)
{
    if ((::fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR) return base::UniqueFd{};
    const auto path = "/proc/self/fd/" + std::to_string(fd);
    base::UniqueFd writable{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
    if (!writable) return base::fail(errno, "open an output ring for writing");
    return writable;
}

} // namespace processd::keeper
