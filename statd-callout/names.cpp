// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/names.h"

namespace callout {

const char* why_hostile(std::string_view name) noexcept
{
    if (name.empty()) return "is empty";
    if (name.front() == '.') return "begins with a '.'";
    for (const char c : name) {
        if (c == '/') return "holds a '/'";
        if (c == '@') return "holds an '@'";
        if (c == '"' || c == '\'') return "holds a quote";
        if (c == ' ') return "holds a blank";
        if ((c >= 0 && c < ' ') || c == 0x7f) return "holds a control byte";
        if (c < 0) return "holds a byte that is not ASCII";
    }
    return nullptr;
}

} // namespace callout
