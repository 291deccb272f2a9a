// SPDX-License-Identifier: GPL-3.0-or-later
// processd/output/line_pattern.h: a regular expression that lines are searched for. It comes from clients and is
// matched on the loop, so it is RE2's, whose time is linear in the text and whose memory is bounded, whatever the
// expression.
#pragma once

#include "helpers/base/result.h"

#include <memory>
#include <string_view>

namespace re2 {
class RE2;
}

namespace processd::output {

class LinePattern {
public:
    // Errc::bad_input, with RE2's words, for what is no expression or too large a one.
    static base::Result<std::shared_ptr<const LinePattern>> parse(std::string_view text);
    ~LinePattern();
    LinePattern(const LinePattern&) = delete;
    LinePattern& operator=(const LinePattern&) = delete;

    // Anywhere in the line. Bytes that are no UTF-8 match nothing but "\C".
    [[nodiscard]] bool found_in(std::string_view line) const;

private:
    explicit LinePattern(std::unique_ptr<re2::RE2> expression);
    std::unique_ptr<re2::RE2> expression_;
};

} // namespace processd::output
