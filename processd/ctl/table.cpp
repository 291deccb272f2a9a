// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/table.h"

#include <algorithm>

namespace processd::ctl {
namespace {

constexpr std::size_t gap = 2, indent = 4, least_last = 20;

} // namespace

std::string Table::print(const Style& style) const
{
    std::vector<std::size_t> widths;
    for (const auto& column : columns_) widths.push_back(ctl::columns(column.title));
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.cells.size() && i < widths.size(); ++i)
            widths[i] = std::max(widths[i], ctl::columns(row.cells[i].text));
    std::size_t before_last = 0;
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) before_last += widths[i] + gap;
    // A terminal too narrow for the table wraps rather than hides: the last column keeps some room in any case.
    const std::size_t last = style.width == 0                         ? 0
                             : style.width > before_last + least_last ? style.width - before_last
                                                                      : least_last;
    std::string result;
    const auto line = [&](const std::vector<Cell>& cells) {
        std::string text;
        for (std::size_t i = 0; i < cells.size() && i < widths.size(); ++i) {
            const bool is_last = i + 1 == widths.size();
            const auto content =
                is_last ? fit(cells[i].text, last) : padded(cells[i].text, widths[i], columns_[i].right);
            text += paint(style, cells[i].colour, content);
            if (!is_last) text += std::string(gap, ' ');
        }
        text.erase(text.find_last_not_of(' ') + 1);
        result += text + '\n';
    };
    std::vector<Cell> titles;
    for (const auto& column : columns_) titles.push_back({column.title, Colour::bold});
    line(titles);
    for (const auto& row : rows_) {
        line(row.cells);
        for (const auto& extra : row.below) {
            const auto room = style.width > indent + least_last ? style.width - indent : 0;
            result += std::string(indent, ' ') + paint(style, extra.colour, fit(extra.text, room)) + '\n';
        }
    }
    return result;
}

} // namespace processd::ctl
