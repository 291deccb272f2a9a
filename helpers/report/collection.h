// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/report/collection.h: the files of a report while they are gathered, with bounds on their size, and what could
// not be had. The manifest is made from it.
#pragma once

#include "helpers/base/time.h"

#include <string>
#include <string_view>
#include <vector>

namespace report {

constexpr std::size_t most_of_part = 4U << 20U; // bytes
constexpr std::size_t most_of_all = 32U << 20U;

struct Part {
    std::string file, what;
    std::string bytes;
    std::string note; // why it is not all; empty: it is
};
struct Missing {
    std::string file, what, why;
};

class Collection {
public:
    // Text that is too long is cut, JSON is left out. False: it is missing.
    bool add(Part part);
    void miss(std::string file, std::string what, std::string why);
    // What had been missing may be tried again.
    void forget_missing(const std::string& file);

    [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }
    [[nodiscard]] const std::vector<Missing>& missing() const { return missing_; }

private:
    std::vector<Part> parts_;
    std::vector<Missing> missing_;
    std::size_t bytes_ = 0;
};

struct Making { // who made a report, when, of what
    std::string host, by, program, since;
    base::WallTime begun;
    base::Duration took;
};
std::string manifest(const Collection& collection, const Making& making);

} // namespace report
