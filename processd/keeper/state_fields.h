// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/state_fields.h: records as numbered fields, so that programs of different versions read each other's
// (docs/keeper-state.md). A record is listed once, as fields(io, record); this has what that list is used for: writing,
// reading, and visiting the descriptors.
#pragma once

#include "helpers/base/result.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace processd::keeper {

// A descriptor by its number: who reads it does not own it.
struct CarriedFd {
    int number = -1;
    friend bool operator==(const CarriedFd&, const CarriedFd&) = default;
};

struct FieldHeader {
    std::uint16_t number; // 0 ends a state
    std::uint16_t flags;  // 1: who does not know the field may go on without it
    std::uint32_t size;   // of the value; padding to a multiple of 8 follows
};
static_assert(sizeof(FieldHeader) == 8);
inline constexpr std::uint16_t field_hint = 1;

template <class T>
concept Whole = std::is_integral_v<T> || std::is_enum_v<T>;
template <class T, class Record>
concept Either = std::is_same_v<std::remove_const_t<T>, Record>; // to write or to read

class FieldWriter {
public:
    template <class T> void operator()(std::uint16_t number, const T& value) { put(number, 0, value); }
    template <class T> void hint(std::uint16_t number, const T& value) { put(number, field_hint, value); }
    void end() { append(0, 0, {}); }
    [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

private:
    void append(std::uint16_t number, std::uint16_t flags, std::string_view value)
    {
        const FieldHeader header{number, flags, static_cast<std::uint32_t>(value.size())};
        bytes_.append(reinterpret_cast<const char*>(&header), sizeof header).append(value);
        bytes_.resize((bytes_.size() + 7) / 8 * 8);
    }
    template <Whole T> void put(std::uint16_t number, std::uint16_t flags, const T& value)
    {
        const auto whole = static_cast<std::int64_t>(value);
        append(number, flags, {reinterpret_cast<const char*>(&whole), sizeof whole});
    }
    void put(std::uint16_t number, std::uint16_t flags, const CarriedFd& fd) { put(number, flags, fd.number); }
    void put(std::uint16_t number, std::uint16_t flags, const std::string& text) { append(number, flags, text); }
    template <Whole T, std::size_t N>
    void put(std::uint16_t number, std::uint16_t flags, const std::array<T, N>& values)
    {
        if constexpr (std::is_same_v<T, char>)
            append(number, flags, {values.data(), ::strnlen(values.data(), N)});
        else
            put(number, flags, std::vector<T>(values.begin(), values.end()));
    }
    template <Whole T> void put(std::uint16_t number, std::uint16_t flags, const std::vector<T>& values)
    {
        const std::vector<std::int64_t> whole(values.begin(), values.end());
        append(number, flags, {reinterpret_cast<const char*>(whole.data()), whole.size() * sizeof(std::int64_t)});
    }
    // Of texts and records as many fields as there are items.
    template <class T> void put(std::uint16_t number, std::uint16_t flags, const std::vector<T>& items)
    {
        for (const auto& item : items) put(number, flags, item);
    }
    template <class T> void put(std::uint16_t number, std::uint16_t flags, const T& record)
    {
        FieldWriter inner;
        fields(inner, record);
        append(number, flags, inner.bytes());
    }

    std::string bytes_;
};

class FieldReader {
public:
    explicit FieldReader(std::string_view record); // its fields, up to its end or field 0

    // What is not there keeps its value.
    template <class T> void operator()(std::uint16_t number, T& value) { get(number, value); }
    template <class T> void hint(std::uint16_t number, T& value) { get(number, value); }
    // After all fields: whether there was one that is malformed, or unknown and no hint. what: the record, in errors.
    base::Result<void> finish(const char* what);
    [[nodiscard]] bool ended() const noexcept { return ended_; } // by field 0

private:
    struct Found {
        FieldHeader header;
        std::string_view value;
        bool used = false;
    };
    Found* find(std::uint16_t number);
    void refuse(std::uint16_t number, std::string_view why);
    static std::int64_t whole_at(std::string_view value, std::size_t index)
    {
        std::int64_t whole = 0;
        std::memcpy(&whole, value.data() + index * sizeof whole, sizeof whole);
        return whole;
    }
    template <Whole T> void convert(std::uint16_t number, std::int64_t whole, T& value)
    {
        if constexpr (std::is_enum_v<T>) {
            std::underlying_type_t<T> inner{};
            convert(number, whole, inner);
            value = static_cast<T>(inner);
        } else if constexpr (sizeof(T) == sizeof whole) {
            value = static_cast<T>(whole); // bit by bit: what is unsigned may use all of them
        } else {
            if (whole < static_cast<std::int64_t>(std::numeric_limits<T>::min()) ||
                whole > static_cast<std::int64_t>(std::numeric_limits<T>::max()))
                return refuse(number, "is out of range");
            value = static_cast<T>(whole);
        }
    }

    template <Whole T> void get(std::uint16_t number, T& value)
    {
        const Found* const found = find(number);
        if (found == nullptr) return;
        if (found->value.size() != sizeof(std::int64_t)) return refuse(number, "is no number");
        convert(number, whole_at(found->value, 0), value);
    }
    void get(std::uint16_t number, CarriedFd& fd) { get(number, fd.number); }
    void get(std::uint16_t number, std::string& text)
    {
        if (const Found* const found = find(number); found != nullptr) text = found->value;
    }
    template <Whole T, std::size_t N> void get(std::uint16_t number, std::array<T, N>& values)
    {
        if constexpr (std::is_same_v<T, char>) {
            std::string text;
            get(number, text);
            if (text.size() >= N || text.find('\0') != std::string::npos) return refuse(number, "is too long");
            values.fill('\0');
            std::memcpy(values.data(), text.data(), text.size());
        } else {
            std::vector<T> list;
            get(number, list);
            if (list.size() > N) return refuse(number, "has too many items");
            std::copy(list.begin(), list.end(), values.begin());
        }
    }
    template <Whole T> void get(std::uint16_t number, std::vector<T>& values)
    {
        const Found* const found = find(number);
        if (found == nullptr) return;
        if (found->value.size() % sizeof(std::int64_t) != 0) return refuse(number, "is no list of numbers");
        values.resize(found->value.size() / sizeof(std::int64_t));
        for (std::size_t i = 0; i < values.size(); ++i) convert(number, whole_at(found->value, i), values[i]);
    }
    template <class T> void get(std::uint16_t number, std::vector<T>& items)
    {
        while (Found* const found = find(number)) read(*found, items.emplace_back());
    }
    template <class T> void get(std::uint16_t number, T& record)
    {
        if (Found* const found = find(number); found != nullptr) read(*found, record);
    }
    static void read(const Found& found, std::string& text) { text = found.value; }
    template <class T> void read(const Found& found, T& record)
    {
        FieldReader inner(found.value);
        const char* const what = fields(inner, record);
        if (auto done = inner.finish(what); !done && wrong_inside_.empty()) wrong_inside_ = done.error().context;
    }

    std::vector<Found> found_;
    std::size_t at_ = 0; // where the next of a list is looked for
    std::string wrong_, wrong_inside_;
    bool ended_ = false;
};

// Calls visit(CarriedFd&) for each descriptor of a record and of those in it.
template <class Visit> class FdVisitor {
public:
    explicit FdVisitor(Visit visit) : visit_(std::move(visit)) {}
    template <class T> void operator()(std::uint16_t /*number*/, T& value) { look(value); }
    template <class T> void hint(std::uint16_t /*number*/, T& value) { look(value); }

private:
    template <class T> void look(T& value)
    {
        using Value = std::remove_const_t<T>;
        if constexpr (std::is_same_v<Value, CarriedFd>)
            visit_(value);
        else if constexpr (!Whole<Value> && !std::is_same_v<Value, std::string>)
            look_into(value);
    }
    template <class T, std::size_t N> void look_into(const std::array<T, N>& /*values*/) {}
    template <class T> void look_into(const std::vector<T>& items)
    {
        for (const auto& item : items) look(item);
    }
    template <class T> void look_into(T& record) { fields(*this, record); }

    Visit visit_;
};

} // namespace processd::keeper
