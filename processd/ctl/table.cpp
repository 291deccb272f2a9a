// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/table.h"

#include <algorithm>

namespace processd::ctl {
namespace {

constexpr std::size_t gap = 2, indent = 4, least_last = 14, enough_last = 40;

} // namespace

std::vector<std::optional<std::size_t>> Table::widths_for(std::size_t screen) const
{
    std::vector<std::optional<std::size_t>> natural;
    for (const auto& column : columns_) natural.emplace_back(ctl::columns(column.title));
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.cells.size() && i < natural.size(); ++i)
            natural[i] = std::max(*natural[i], ctl::columns(row.cells[i].text));
    if (screen == 0) return natural;

    const std::size_t last = columns_.size() - 1;
    for (auto left_out = columns_.size();;) {
        auto widths = natural;
        std::size_t before_last = 0;
        for (std::size_t i = 0; i < last; ++i) {
            if (i >= left_out && columns_[i].extra) widths[i].reset();
            if (widths[i]) before_last += *widths[i] + gap;
        }
        for (const auto room : {std::min(*natural[last], enough_last), std::min(*natural[last], least_last)}) {
            while (before_last + room > screen) {
                std::size_t widest = last;
                for (std::size_t i = 0; i < last; ++i)
                    if (widths[i] && columns_[i].least > 0 && *widths[i] > columns_[i].least &&
                        (widest == last || *widths[i] > *widths[widest]))
                        widest = i;
                if (widest == last) break;
                --*widths[widest];
                --before_last;
            }
            if (before_last + room > screen) continue;
            widths[last] = screen - before_last;
            return widths;
        }
        // Not even so: the rightmost that may goes, or it is wrapped rather than hidden.
        do {
            if (left_out == 0) {
                widths[last] = least_last;
                return widths;
            }
            --left_out;
        } while (!columns_[left_out].extra);
    }
}

std::string Table::print(const Style& style) const
{
    const auto widths = widths_for(style.width);
    std::string result;
    const auto line = [&](const std::vector<Cell>& cells) {
        std::string text;
        for (std::size_t i = 0; i < cells.size() && i < widths.size(); ++i) {
            if (!widths[i]) continue;
            const bool is_last = i + 1 == widths.size();
            const auto content = style.width == 0 ? cells[i].text : fit(cells[i].text, *widths[i]);
            text += paint(style, cells[i].colour, is_last ? content : padded(content, *widths[i], columns_[i].right));
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
