// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/line_time.h"

#include "helpers/base/wall_time.h"

namespace processd::output {

void append_utc(std::string& to, base::WallTime time)
{
    append_time(to, time, "Z", [](std::int64_t second) {
        auto text = base::format_wall_time(base::wall_from_ns(second * 1'000'000'000));
        text.resize(text.size() - 7); // "000000Z"
        return text;
    });
}

} // namespace processd::output
