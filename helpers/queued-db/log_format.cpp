// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/queued-db/log_format.h"

#include <array>
#include <cstring>

namespace queued_db {
namespace {

constexpr std::array<std::uint32_t, 256> make_table()
{
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0U);
        table[i] = crc;
    }
    return table;
}
constexpr auto table = make_table();

std::uint32_t crc32c(std::string_view bytes)
{
    std::uint32_t crc = ~0U;
    for (const char c : bytes) crc = (crc >> 8U) ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xffU];
    return ~crc;
}

template <class Int> void put(std::string& bytes, Int value)
{
    for (std::size_t i = 0; i < sizeof value; ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xffU);
}

template <class Int> Int get(std::string_view bytes, std::size_t at)
{
    Int value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i)
        value |= static_cast<Int>(static_cast<Int>(static_cast<unsigned char>(bytes[at + i])) << (8 * i));
    return value;
}

// The entry at the front of the bytes; 0 if there is none, else its length.
std::size_t parse_entry(std::string_view bytes, std::uint64_t after, Entry& entry)
{
    if (bytes.size() < entry_header) return 0;
    const auto kind = bytes[4];
    if ((kind != 1 && kind != 2) || bytes[5] != 0 || bytes[6] != 0 || bytes[7] != 0) return 0;
    const auto key = get<std::uint32_t>(bytes, 16), value = get<std::uint32_t>(bytes, 20);
    if (key > max_part || value > max_part || (kind == 2 && value != 0)) return 0;
    const auto size = entry_header + key + value;
    if (bytes.size() < size) return 0;
    entry.sequence = get<std::uint64_t>(bytes, 8);
    if (entry.sequence <= after || crc32c(bytes.substr(4, size - 4)) != get<std::uint32_t>(bytes, 0)) return 0;
    entry.operation.key = bytes.substr(entry_header, key);
    if (kind == 1)
        entry.operation.value = bytes.substr(entry_header + key, value);
    else
        entry.operation.value.reset();
    return size;
}

} // namespace

std::string encode(const Entry& entry)
{
    const auto& [key, value] = entry.operation;
    std::string bytes;
    put(bytes, std::uint32_t{0});
    put(bytes, static_cast<std::uint32_t>(value ? 1 : 2));
    put(bytes, entry.sequence);
    put(bytes, static_cast<std::uint32_t>(key.size()));
    put(bytes, static_cast<std::uint32_t>(value ? value->size() : 0));
    bytes += key;
    if (value) bytes += *value;
    std::string crc;
    put(crc, crc32c(std::string_view(bytes).substr(4)));
    return bytes.replace(0, 4, crc);
}

Log parse_log(std::string_view bytes)
{
    Log log;
    std::size_t at = 0, end = 0; // end: of the last right entry
    if (bytes.starts_with(log_magic)) at = end = log.good = log_magic.size();
    while (at < bytes.size()) {
        Entry entry;
        const auto last = log.entries.empty() ? 0 : log.entries.back().sequence;
        const auto size = parse_entry(bytes.substr(at), last, entry);
        if (size == 0) {
            ++at;
            continue;
        }
        if (at == log.good && log.good != 0) log.good += size;
        log.unreadable += at - end;
        log.entries.push_back(std::move(entry));
        at += size;
        end = at;
    }
    log.tail = bytes.size() - end;
    return log;
}

} // namespace queued_db
