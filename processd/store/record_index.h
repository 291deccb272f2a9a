// SPDX-License-Identifier: GPL-3.0-or-later
// processd/store/record_index.h: what is known about every record without reading it, and the ids that are remembered
// longer than their records. Private to this room; pure. Strings are kept as 64-bit hashes, so a match is a guess that
// the caller confirms on the record. 64 bytes for each record and 8 to 16 for its id.
#pragma once

#include "processd/store/record_text.h"
#include "processd/store/records.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

namespace processd::store {

// From 64-bit hashes to numbers; several may share a hash. Open addressing in one array, at most 5/8 full.
class IdTable {
public:
    void add(std::uint64_t hash, std::uint64_t number);
    void remove(std::uint64_t hash, std::uint64_t number);
    [[nodiscard]] std::vector<std::uint64_t> numbers(std::uint64_t hash) const;
    [[nodiscard]] std::size_t capacity() const { return slots_.size(); }

private:
    struct Slot {
        std::uint32_t hash = 0; // the upper half; the lower one says where the search begins
        std::uint32_t home = 0;
        std::uint64_t number = 0; // 0: free
    };
    void insert(Slot slot);
    void grow();

    std::vector<Slot> slots_;
    std::size_t used_ = 0;
};

struct Entry {
    std::uint64_t number = 0;
    std::uint64_t id_hash = 0, name_hash = 0, parent_hash = 0; // parent_hash 0: none
    std::int64_t created_us = 0;
    std::int64_t duration_us = -1; // -1: none
    std::uint32_t ended_s = 0;
    std::uint32_t size = 0;                        // of the value
    std::uint8_t kind = 0, state = 0, outcome = 0; // the enumerators' values; outcome is one more, 0: none
    bool clients_id = false;                       // remembered longer than the record
};

class RecordIndex {
public:
    explicit RecordIndex(std::uint64_t seed) : seed_(seed) {} // of the hashes, so that nobody can aim at collisions

    void put(std::uint64_t number, const Head& head, std::size_t value_size); // adds or replaces
    void expire(std::uint64_t number);                                        // the record is gone, its id stays
    void erase(std::uint64_t number); // record and id, or a remembered id, are gone
    [[nodiscard]] const Entry* find(std::uint64_t number) const;
    [[nodiscard]] std::vector<std::uint64_t> candidates(std::string_view id) const;
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] std::size_t remembered() const { return remembered_.size(); }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    [[nodiscard]] std::uint64_t newest() const { return entries_.empty() ? 0 : entries_.back().number; }

    // Numbers below `before` (0: all) that may match, newest first, at most `limit`.
    [[nodiscard]] std::vector<std::uint64_t> matching(const Filter& filter, std::uint64_t before,
                                                      std::size_t limit) const;
    [[nodiscard]] std::vector<std::uint64_t> open() const; // state is not ended, oldest first
    // Ended records that retention does not cover any more, oldest first. At least `extra`, if there are so many.
    [[nodiscard]] std::vector<std::uint64_t> victims(const Retention& retention, std::int64_t now_s, std::size_t extra,
                                                     std::size_t limit) const;
    // Remembered ids past their time, oldest first.
    [[nodiscard]] std::vector<std::uint64_t> forgettable(std::int64_t now_s, std::size_t limit) const;

private:
    struct Remembered {
        std::uint64_t number = 0, id_hash = 0;
        std::uint32_t ended_s = 0;
    };
    [[nodiscard]] std::uint64_t hash(std::string_view text) const;

    std::uint64_t seed_;
    std::deque<Entry> entries_;         // by number
    std::deque<Remembered> remembered_; // by number
    IdTable ids_;
    std::uint64_t bytes_ = 0;
    std::size_t asking_ = 0; // entries of runs that only ask, see Retention
};

inline constexpr std::int64_t remember_ids_s = 24 * 3600;
inline constexpr std::size_t max_remembered = 65'536;

} // namespace processd::store
