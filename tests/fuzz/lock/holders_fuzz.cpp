// SPDX-License-Identifier: GPL-3.0-or-later
// What others may have written: the head of a tdb (any program may be in it), /proc/locks, /proc/PID/status, and the
// words of a command line.
#include "helpers/lock/holders.h"
#include "helpers/lock/request.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string_view>

namespace {

void once_each(const std::vector<pid_t>& pids, pid_t self)
{
    const std::set<pid_t> different(pids.begin(), pids.end());
    if (different.size() != pids.size() || different.contains(self)) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto locks = lock::parse_proc_locks(text);
    const pid_t self = locks.empty() ? 1 : locks.back().pid;
    const auto inode = locks.empty() ? 0 : locks.front().inode;
    const auto blockers = lock::blockers_of(locks, self, inode);
    once_each(blockers.holders, self);
    if (blockers.waiting > locks.size()) std::abort();

    const std::span<const unsigned char> bytes(data, size);
    (void)lock::mutex_bytes(bytes);
    for (const auto kind : {lock::Kind::record, lock::Kind::database})
        for (const int chain : {-1, 0, 3, 1'000'000}) once_each(lock::mutex_owners(bytes, kind, chain, 7), 7);
    (void)lock::parse_status(5, text);

    std::vector<std::string_view> words;
    for (std::string_view rest = text; !rest.empty() && words.size() < 10;) {
        const auto end = std::min(rest.find('\n'), rest.size());
        words.push_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (const auto parsed = lock::parse_request(words); const auto* request = std::get_if<lock::Request>(&parsed))
        if (request->ctdbd <= 0 || request->result_fd < 0 || request->tdb_flags < 0) std::abort();
    std::string decoded;
    if (lock::decode_hex(text, decoded) && decoded.size() * 2 != text.size()) std::abort();
    return 0;
}
