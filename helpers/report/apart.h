// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/report/apart.h: work in a process of its own, for a limited time. What hangs in the kernel, as on a file
// system whose server is gone, cannot be killed: it is left behind, and holds nothing of ours. Needs a caller without
// threads.
#pragma once

#include "helpers/base/time.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace report {

struct Got {
    std::string bytes;   // as far as it came
    std::string trouble; // why that is not all; empty: it is
};

// work writes to `out` and returns 0, or the errno that it ended with. It has no other descriptor of ours.
Got apart(base::Duration limit, std::size_t most_bytes, const std::function<int(int out)>& work);
// A program and its standard output. Any exit code will do as long as it has written something.
Got apart(base::Duration limit, std::size_t most_bytes, const std::vector<std::string>& command);

bool put(int out, std::string_view text) noexcept;

} // namespace report
