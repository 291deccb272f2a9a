// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/table.h: rows under titles, as wide as their contents. On a terminal that is too narrow the last column
// is cut, then those that may be cut, and then those that may be left out are.
#pragma once

#include "processd/ctl/text.h"

#include <optional>
#include <string>
#include <vector>

namespace processd::ctl {

struct Cell {
    std::string text; // clean
    Colour colour = Colour::plain;
};

class Table {
public:
    struct Column {
        std::string title;
        bool right = false;    // numbers
        std::size_t least = 0; // it may be cut down to this width; 0: never
        bool extra = false;    // it may be left out
    };
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    void row(std::vector<Cell> cells) { rows_.push_back({std::move(cells), {}}); }
    // A line below the newest row, indented, not part of the columns.
    void below(Cell line) { rows_.back().below.push_back(std::move(line)); }
    [[nodiscard]] std::string print(const Style& style) const;

private:
    // No width: left out.
    [[nodiscard]] std::vector<std::optional<std::size_t>> widths_for(std::size_t screen) const;
    struct Row {
        std::vector<Cell> cells;
        std::vector<Cell> below;
    };
    std::vector<Column> columns_;
    std::vector<Row> rows_;
};

} // namespace processd::ctl
