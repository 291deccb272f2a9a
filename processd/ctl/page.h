// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/page.h: names and values below each other; items without a value are left out. A value of several lines
// is indented as a whole.
#pragma once

#include "processd/ctl/text.h"

#include <string>
#include <utility>
#include <vector>

namespace processd::ctl {

class Page {
public:
    void item(std::string name, std::string value)
    {
        while (!value.empty() && value.back() == '\n') value.pop_back();
        if (!value.empty()) items_.emplace_back(std::move(name), std::move(value));
    }
    [[nodiscard]] std::string print(const Style& style) const;

private:
    std::vector<std::pair<std::string, std::string>> items_;
};

} // namespace processd::ctl
