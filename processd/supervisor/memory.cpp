// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/memory.h"

#include <array>
#include <charconv>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <unistd.h>

namespace processd::supervisor {
namespace {

std::optional<std::int64_t> pss_kb(const std::string& process)
{
    const base::UniqueFd fd{::open(("/proc/" + process + "/smaps_rollup").c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd) return std::nullopt;
    std::array<char, 4096> buffer{};
    const auto n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n <= 0) return std::nullopt;
    const std::string_view text{buffer.data(), static_cast<std::size_t>(n)};
    const auto at = text.find("\nPss:");
    if (at == std::string_view::npos) return std::nullopt;
    const auto digits = text.find_first_of("0123456789", at);
    std::int64_t kb = 0;
    if (digits == std::string_view::npos) return std::nullopt;
    std::from_chars(text.data() + digits, text.data() + text.size(), kb);
    return kb;
}

} // namespace

Memory::Memory(loop::Loop& loop, std::int32_t keeper_pid) : loop_(loop), keeper_pid_(keeper_pid) {}

void Memory::refresh()
{
    if (std::exchange(shared_->busy, true)) return;
    auto found = std::make_shared<Shared>();
    loop::work(
        loop_,
        [found, pid = keeper_pid_] {
            found->keeper = pss_kb(std::to_string(pid));
            found->manager = pss_kb("self");
        },
        [found, shared = shared_] {
            *shared = *found; // busy is false in it
        });
}

} // namespace processd::supervisor
