// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/base/result.h: expected failures as values.
// Result<T> is either a T or an Error; ignoring one is a compiler warning. Error carries a std::error_code for programs
// (an errno, or one of our Errc) and a context for people: what was tried, on what. Each room adds its own words on the
// way up with wrap(). Nothing here throws besides std::bad_alloc.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <tl/expected.hpp>
#include <utility>

namespace base {

// Failures that no errno describes. Each program maps them to its exit codes or HTTP statuses in one table.
enum class Errc {
    bad_input = 1,  // the input is malformed; the context says what, where and what would be right
    not_found,      // a named thing does not exist
    already_exists, // a named thing exists and differs
    conflict,       // the thing is in a state that does not allow this
    not_permitted,  // the asker may not
    limit,          // a configured bound is reached
    unavailable,    // the other side is not there (yet)
    corrupt,        // stored data is not what was written
    timed_out,      // a deadline passed
};
const std::error_category& errc_category() noexcept;
inline std::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), errc_category()}; }

struct Error {
    std::error_code code;
    std::string context;

    // "context: reason", or the context alone where the code is ours and the context says it all.
    [[nodiscard]] std::string message() const;
    friend bool operator==(const Error&, const Error&) = default;
};

template <class T> class [[nodiscard]] Result : public tl::expected<T, Error> {
public:
    using tl::expected<T, Error>::expected;
};

inline tl::unexpected<Error> fail(int errno_value, std::string context)
{
    return tl::unexpected<Error>(Error{{errno_value, std::generic_category()}, std::move(context)});
}
inline tl::unexpected<Error> fail(Errc code, std::string context)
{
    return tl::unexpected<Error>(Error{make_error_code(code), std::move(context)});
}
// Hands an error up with one more piece of context before it: wrap("load processd.toml", e).
inline tl::unexpected<Error> wrap(std::string_view context, Error error)
{
    error.context = std::string(context) + ": " + error.context;
    return tl::unexpected<Error>(std::move(error));
}

} // namespace base

template <> struct std::is_error_code_enum<base::Errc> : std::true_type {
};
