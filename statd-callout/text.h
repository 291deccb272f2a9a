// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/text.h: a text in a buffer of fixed size, for a program that is over before a heap would pay. What does
// not fit is not appended, and fits() says so from then on.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace callout {

template <std::size_t Size> class Text {
public:
    Text() noexcept { bytes_[0] = '\0'; }

    template <class... Parts> explicit Text(const Parts&... parts) noexcept : Text() { (append(parts), ...); }

    Text& append(std::string_view part) noexcept
    {
        if (part.size() >= Size - length_) {
            fits_ = false;
            return *this;
        }
        std::memcpy(bytes_.data() + length_, part.data(), part.size());
        length_ += part.size();
        bytes_[length_] = '\0';
        return *this;
    }
    Text& append_number(long long number) noexcept
    {
        std::array<char, 24> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
        return append({digits.data(), static_cast<std::size_t>(end - digits.data())});
    }

    [[nodiscard]] const char* c_str() const noexcept { return bytes_.data(); }
    [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), length_}; }
    [[nodiscard]] bool fits() const noexcept { return fits_; }

private:
    std::array<char, Size> bytes_; // the first length_ bytes count, a NUL follows
    std::size_t length_ = 0;
    bool fits_ = true;
};

} // namespace callout
