// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/nodes/reconcile.h"

#include "helpers/base/duration.h"
#include "helpers/base/log.h"
#include "helpers/nodes/cluster.h"
#include "helpers/nodes/command.h"
#include "helpers/nodes/file.h"

#include <algorithm>
#include <optional>
#include <thread>

namespace nodes {
namespace {

using base::Errc;
using base::fail;
using namespace std::chrono_literals;

constexpr std::size_t max_answer_bytes = 1U << 20U;
constexpr base::Duration question_timeout = 10s, reload_timeout = 60s, first_delay = 500ms, longest_delay = 10s;

base::Result<std::string> ctdb(std::vector<std::string> arguments, base::Duration timeout)
{
    arguments.insert(arguments.begin(), "ctdb");
    auto answer = run(arguments, timeout, max_answer_bytes, Errors::keep);
    if (answer) return answer;
    // "ctdb" alone would not say which of its commands failed.
    auto error = answer.error();
    if (error.context.starts_with("ctdb ")) error.context.replace(0, 4, "ctdb " + arguments.back());
    return tl::unexpected(error);
}

base::Result<std::size_t> ask_number(const std::string& what)
{
    const auto answer = ctdb({what}, question_timeout);
    if (!answer) return tl::unexpected(answer.error());
    return parse_number(*answer);
}

base::Result<Members> members_of(std::size_t node)
{
    const auto answer = ctdb({"-X", "-n", std::to_string(node), "status"}, question_timeout);
    if (!answer) return tl::unexpected(answer.error());
    return parse_status(*answer);
}

struct Progress {
    std::optional<List> reloaded; // the list that the nodes were told to reload
};

// All nodes that are connected to this one have the list; those that are not will read it when they start.
base::Result<std::string> verify(const List& list, const Members& own)
{
    std::string absent;
    unsigned seen = 0;
    for (const auto& member : own) {
        if (!member.connected) {
            absent += (absent.empty() ? "" : ", ") + std::to_string(member.number);
            continue;
        }
        const auto members = member.self ? base::Result<Members>(own) : members_of(member.number);
        if (!members) return base::wrap("node " + std::to_string(member.number), members.error());
        if (const auto other = difference(list, *members); !other.empty())
            return fail(Errc::conflict, "node " + std::to_string(member.number) + ": " + other);
        ++seen;
    }
    return "all " + std::to_string(seen) + " connected nodes have the list" +
           (absent.empty() ? "" : "; not connected, so they read it when they start: " + absent);
}

base::Result<std::string> one_step(const List& list, Progress& progress)
{
    const auto self = ask_number("pnn");
    if (!self) return tl::unexpected(self.error());
    const auto leader = ask_number("leader");
    if (!leader) return tl::unexpected(leader.error());
    if (*leader != *self) return "node " + std::to_string(*leader) + " leads, so it is its turn";
    auto own = members_of(*self);
    if (!own) return tl::unexpected(own.error());
    if (!difference(list, *own).empty() && progress.reloaded != list) {
        if (const auto reload = ctdb({"reloadnodes"}, reload_timeout); !reload) return tl::unexpected(reload.error());
        progress.reloaded = list;
        own = members_of(*self);
        if (!own) return tl::unexpected(own.error());
    }
    auto verified = verify(list, *own);
    if (verified && progress.reloaded) *verified = "the nodes were reloaded, " + *verified;
    return verified;
}

} // namespace

base::Result<std::string> reconcile(const ReconcileOptions& options)
{
    const auto deadline = base::now() + options.timeout;
    Progress progress;
    for (auto delay = first_delay;; delay = std::min(delay * 2, longest_delay)) {
        // Each time anew: a newer list counts, and then it may take another reload.
        const auto list = read_list(options.file);
        if (!list) return tl::unexpected(list.error());
        if (!*list) return fail(Errc::not_found, "there is no " + options.file + ": refresh first");
        auto result = one_step(**list, progress);
        if (result) return result;
        if (base::now() + delay >= deadline)
            return base::wrap("not done after " +
                                  base::format_duration(std::chrono::ceil<std::chrono::milliseconds>(options.timeout)),
                              result.error());
        base::log::warning("not done yet, trying again", {{"reason", result.error().message()}});
        std::this_thread::sleep_for(delay);
    }
}

} // namespace nodes
