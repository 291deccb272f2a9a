// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/lock/holders.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>
#include <pthread.h>

namespace lock {
namespace {

std::string_view next_word(std::string_view& line)
{
    const auto begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) return line = {};
    line.remove_prefix(begin);
    const auto word = line.substr(0, line.find(' '));
    line.remove_prefix(word.size());
    return word;
}

std::string_view next_line(std::string_view& text)
{
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

template <class Int> bool read_number(std::string_view text, Int& value, int base = 10)
{
    const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return problem == std::errc{} && rest == text.data() + text.size();
}

// "08:01:5678": two hexadecimal numbers and a decimal one.
bool read_file(std::string_view word, ProcLock& lock)
{
    const auto first = word.find(':'), second = word.find(':', first + 1);
    return first != std::string_view::npos && second != std::string_view::npos &&
           read_number(word.substr(0, first), lock.device_major, 16) &&
           read_number(word.substr(first + 1, second - first - 1), lock.device_minor, 16) &&
           read_number(word.substr(second + 1), lock.inode);
}

// "12: POSIX  ADVISORY  WRITE 1234 08:01:5678 168 EOF", and with "->" after the number for one that waits.
std::optional<ProcLock> parse_line(std::string_view line)
{
    ProcLock lock;
    if (!next_word(line).ends_with(':')) return std::nullopt;
    auto word = next_word(line);
    for (; word == "->"; word = next_word(line)) lock.waits = true;
    lock.posix = word == "POSIX" || word == "OFDLCK";
    next_word(line); // ADVISORY
    const auto mode = next_word(line);
    lock.write = mode == "WRITE";
    if (!lock.write && mode != "READ") return std::nullopt;
    if (!read_number(next_word(line), lock.pid) || !read_file(next_word(line), lock)) return std::nullopt;
    if (!read_number(next_word(line), lock.first)) return std::nullopt;
    const auto last = next_word(line);
    if (last == "EOF")
        lock.last = std::numeric_limits<std::uint64_t>::max();
    else if (!read_number(last, lock.last))
        return std::nullopt;
    return lock;
}

bool same_file(const ProcLock& a, const ProcLock& b)
{
    return a.inode == b.inode && a.device_major == b.device_major && a.device_minor == b.device_minor;
}

bool in_the_way(const ProcLock& held, const ProcLock& wanted)
{
    return !held.waits && held.posix && same_file(held, wanted) && held.first <= wanted.last &&
           wanted.first <= held.last && (held.write || wanted.write);
}

void add_once(std::vector<pid_t>& pids, pid_t pid)
{
    if (std::find(pids.begin(), pids.end(), pid) == pids.end()) pids.push_back(pid);
}

// The layout of a tdb with mutexes: its header, the mutex of the lock on everything and that lock's kind, then a mutex
// for the list of free records and one for each hash chain. The header's fields are of the byte order that wrote it;
// mutexes have no other.
struct Header {
    std::array<unsigned char, 32> magic;
    std::uint32_t version, hash_size, rwlocks, recovery_start, sequence_number, magic1_hash, magic2_hash, feature_flags,
        mutex_size;
    std::array<std::uint32_t, 25> reserved;
};
static_assert(sizeof(Header) == 168);
constexpr std::uint32_t feature_mutex = 1;
constexpr std::size_t all_offset = sizeof(Header), kind_offset = all_offset + sizeof(pthread_mutex_t),
                      chains_offset = (kind_offset + sizeof(short) + alignof(pthread_mutex_t) - 1) /
                                      alignof(pthread_mutex_t) * alignof(pthread_mutex_t);
// A robust mutex starts with its futex word, see futex(2).
constexpr std::uint32_t owner_mask = 0x3FFFFFFF, waiters_bit = 0x80000000;

template <class T> T read_at(std::span<const unsigned char> bytes, std::size_t offset)
{
    T value{};
    if (offset + sizeof(T) <= bytes.size()) std::memcpy(&value, bytes.data() + offset, sizeof(T));
    return value;
}

} // namespace

std::vector<ProcLock> parse_proc_locks(std::string_view text)
{
    std::vector<ProcLock> locks;
    while (!text.empty())
        if (const auto lock = parse_line(next_line(text))) locks.push_back(*lock);
    return locks;
}

Blockers blockers_of(const std::vector<ProcLock>& locks, pid_t self, std::uint64_t inode)
{
    std::vector<ProcLock> waiters;
    for (const auto& lock : locks)
        if (lock.waits && lock.posix && lock.inode == inode) waiters.push_back(lock);
    Blockers result;
    const auto own = std::find_if(waiters.begin(), waiters.end(), [&](const auto& lock) { return lock.pid == self; });
    if (own != waiters.end()) {
        const auto mine = *own;
        std::erase_if(waiters, [&](const auto& lock) { return !same_file(lock, mine); });
        result.waiting = static_cast<unsigned>(waiters.size());
        waiters = {mine};
    } else {
        result.waiting = static_cast<unsigned>(waiters.size());
    }
    for (const auto& lock : locks)
        if (lock.pid != self &&
            std::any_of(waiters.begin(), waiters.end(), [&](const auto& w) { return in_the_way(lock, w); }))
            add_once(result.holders, lock.pid);
    return result;
}

std::size_t mutex_bytes(std::span<const unsigned char> begin)
{
    if (begin.size() < sizeof(Header)) return 0;
    const auto header = read_at<Header>(begin, 0);
    return (header.feature_flags & feature_mutex) != 0 ? header.mutex_size : 0;
}

std::vector<pid_t> mutex_owners(std::span<const unsigned char> head, Kind kind, int chain, pid_t self)
{
    std::vector<pid_t> owners;
    if (mutex_bytes(head) == 0) return owners;
    const auto add = [&](std::size_t offset, std::uint32_t wanted_bits) {
        const auto word = read_at<std::uint32_t>(head, offset);
        const auto owner = static_cast<pid_t>(word & owner_mask);
        if ((word & wanted_bits) == wanted_bits && owner != 0 && owner != self) add_once(owners, owner);
    };
    add(all_offset, 0); // in the way of everybody
    if (kind == Kind::database && !owners.empty()) return owners;
    const auto chain_offset = [](std::size_t index) { return chains_offset + index * sizeof(pthread_mutex_t); };
    const auto room = head.size() < chains_offset ? 0 : (head.size() - chains_offset) / sizeof(pthread_mutex_t);
    const auto mutexes = std::min<std::size_t>(room, std::size_t{read_at<Header>(head, 0).hash_size} + 1);
    if (kind == Kind::record && chain >= 0) {
        if (std::size_t(chain) + 1 < mutexes) add(chain_offset(std::size_t(chain) + 1), 0);
        return owners;
    }
    // Of the chains, those that somebody waits for, or else all: who takes the lock on everything waits for one after
    // the other.
    for (const auto bits : {waiters_bit, 0U}) {
        for (std::size_t i = 0; i < mutexes; ++i) add(chain_offset(i), bits);
        if (!owners.empty()) break;
    }
    return owners;
}

Holder parse_status(pid_t pid, std::string_view status)
{
    Holder holder{pid, {}, '?'};
    while (!status.empty()) {
        auto line = next_line(status);
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        const auto name = line.substr(0, colon);
        line.remove_prefix(colon + 1);
        line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t")));
        if (name == "Name") holder.name = line;
        if (name == "State" && !line.empty()) holder.state = line.front();
        if (name == "Tgid") read_number(line, holder.pid);
    }
    return holder;
}

} // namespace lock
