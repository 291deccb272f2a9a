// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/page.h"

#include <algorithm>

namespace processd::ctl {

std::string Page::print(const Style& style) const
{
    std::size_t widest = 0;
    for (const auto& [name, value] : items_) widest = std::max(widest, columns(name));
    std::string result;
    for (const auto& [name, value] : items_) {
        result += "  " + paint(style, Colour::dim, padded(name, widest)) + "  ";
        for (const char c : value) {
            result += c;
            if (c == '\n') result += std::string(widest + 4, ' ');
        }
        result += '\n';
    }
    return result;
}

} // namespace processd::ctl
