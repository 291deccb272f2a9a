// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/result.h"

namespace base {
namespace {

struct Category final : std::error_category {
    [[nodiscard]] const char* name() const noexcept override { return "ctdb-processd"; }
    [[nodiscard]] std::string message(int value) const override
    {
        switch (static_cast<Errc>(value)) {
        case Errc::bad_input: return "bad input";
        case Errc::not_found: return "not found";
        case Errc::already_exists: return "exists already";
        case Errc::conflict: return "not in this state";
        case Errc::not_permitted: return "not permitted";
        case Errc::limit: return "limit reached";
        case Errc::unavailable: return "not available";
        case Errc::corrupt: return "corrupt data";
        case Errc::timed_out: return "timed out";
        }
        return "unknown error";
    }
};

} // namespace

const std::error_category& errc_category() noexcept
{
    static const Category category;
    return category;
}

std::string Error::message() const
{
    if (code.category() == errc_category() && !context.empty()) return context;
    return context.empty() ? code.message() : context + ": " + code.message();
}

} // namespace base
