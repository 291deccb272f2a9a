// SPDX-License-Identifier: GPL-3.0-or-later
// Whatever a command may print as a list of nodes, by lines or JSON, and as the list before it; and what ctdb may say
// of its nodes. A list that was taken can be written and is read back as the same, and follows itself.
#include "helpers/nodes/cluster.h"
#include "helpers/nodes/list.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    // What stands before the first NUL is the list before.
    const auto middle = text.find('\0');
    const auto earlier = middle == std::string_view::npos ? base::Result<nodes::List>(nodes::List{})
                                                          : nodes::parse_source(text.substr(0, middle));
    auto next = nodes::parse_source(middle == std::string_view::npos ? text : text.substr(middle + 1));
    if (earlier && next) {
        const auto taken = nodes::succeed(*earlier, *next);
        if (taken) {
            if (taken->list.size() < earlier->size()) std::abort();
            for (std::size_t i = 0; i < earlier->size(); ++i) // no number changes hands
                if (!(*earlier)[i].deleted && taken->list[i].address != (*earlier)[i].address) std::abort();
            const auto again = nodes::parse_lines(nodes::format_lines(taken->list));
            if (!again || *again != taken->list) std::abort();
            const auto same = nodes::succeed(taken->list, taken->list);
            if (!same || !same->changes.none()) std::abort();
        } else if (taken.error().message().empty()) {
            std::abort();
        }
    }
    const auto members = nodes::parse_status(text);
    if (members && next) (void)nodes::difference(*next, *members);
    (void)nodes::parse_number(text);
    return 0;
}
