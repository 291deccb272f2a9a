// SPDX-License-Identifier: GPL-3.0-or-later
// runs, show: what the daemon remembers
#include "processd/ctl/commands.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/run_view.h"

#include <nlohmann/json.hpp>

namespace processd::ctl {
namespace {

using client::encoded;
using nlohmann::json;

constexpr std::size_t largest_page = 1000;

std::string query_of(const ListOptions& list, const std::string& after, std::size_t limit)
{
    std::string query = "/v1/runs?limit=" + std::to_string(limit);
    const auto add = [&](const char* key, const std::string& value) {
        if (!value.empty()) query += '&' + std::string(key) + '=' + encoded(value);
    };
    add("name", list.name);
    add("kind", list.kind);
    add("outcome", list.outcome);
    add("state", list.state);
    add("since", list.since);
    add("min_duration", list.min_duration);
    add("parent", list.parent);
    add("after", after);
    return query;
}

} // namespace

int runs_command(Session& session)
{
    const auto& list = session.options.list;
    client::Request request;
    if (session.options.json) {
        request.target = query_of(list, list.after, std::min(list.limit, largest_page));
        const auto reply = session.ask_patiently(request);
        return reply ? (session.print(reply->body) ? exit_done : exit_ours) : reply.error();
    }
    json runs = json::array();
    std::string after = list.after;
    while (runs.size() < list.limit) {
        request.target = query_of(list, after, std::min(list.limit - runs.size(), largest_page));
        auto page = session.ask_patiently(request).and_then([&](const auto& r) { return session.value(r); });
        if (!page) return page.error();
        if (const json& more = part(*page, "runs"); more.is_array())
            for (const auto& run : more) runs.push_back(run);
        after = text(*page, "next");
        if (after.empty()) break;
    }
    auto shown = run_table(runs, session.style());
    if (!after.empty()) shown += "… there are more: --limit, or --after " + clean(after) + '\n';
    return session.print(shown) ? exit_done : exit_ours;
}

int show_command(Session& session)
{
    int result = exit_done;
    bool first = true;
    for (const auto& id : session.options.names) {
        client::Request request;
        request.target = "/v1/runs/" + encoded(id);
        const auto reply = session.ask_patiently(request);
        const auto run = reply.and_then([&](const auto& r) { return session.value(r); });
        if (!run) {
            result = run.error();
            if (result == exit_ours) return result;
            continue;
        }
        const auto page = session.options.json
                              ? reply->body
                              : (first ? "" : "\n") + run_page(*run, session.options.lines, session.style());
        if (!session.print(page)) return exit_ours;
        first = false;
    }
    return result;
}

} // namespace processd::ctl
