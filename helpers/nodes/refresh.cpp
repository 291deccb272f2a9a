// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/nodes/refresh.h"

#include "helpers/base/log.h"
#include "helpers/nodes/command.h"
#include "helpers/nodes/file.h"

#include <thread>

namespace nodes {
namespace {

base::Result<List> ask(const RefreshOptions& options)
{
    const auto text = run(options.command, options.timeout, max_list_bytes, Errors::pass_on);
    if (!text) return tl::unexpected(text.error());
    auto list = parse_source(*text);
    if (!list) return base::wrap("the list of " + options.command[0], list.error());
    return list;
}

base::Result<List> ask_repeatedly(const RefreshOptions& options)
{
    auto delay = options.delay;
    for (unsigned left = options.tries;; --left) {
        auto list = ask(options);
        if (list || left <= 1) return list;
        base::log::warning("the node list could not be had, trying again", {{"reason", list.error().message()}});
        std::this_thread::sleep_for(delay);
        delay *= 2;
    }
}

} // namespace

base::Result<Successor> refresh(const RefreshOptions& options)
{
    auto writer = Writer::open(options.file);
    if (!writer) return tl::unexpected(writer.error());
    const auto before = read_list(options.file);
    if (!before) return base::wrap("the last good list is not good", before.error());
    auto list = ask_repeatedly(options);
    if (!list) return tl::unexpected(list.error());
    auto next = succeed(*before, std::move(*list));
    if (!next) return base::wrap("the list of " + options.command[0], next.error());
    // Also when only what is known of deleted nodes is new.
    const auto text = format_lines(next->list);
    if (*before && format_lines(**before) == text) return next;
    if (const auto replaced = writer->replace(text); !replaced) return tl::unexpected(replaced.error());
    return next;
}

} // namespace nodes
