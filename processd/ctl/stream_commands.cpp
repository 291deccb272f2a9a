// SPDX-License-Identifier: GPL-3.0-or-later
// logs, watch
#include "helpers/base/wall_time.h"
#include "processd/ctl/commands.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/line_view.h"

#include <nlohmann/json.hpp>

namespace processd::ctl {
namespace {

using client::encoded;
using nlohmann::json;

const std::string most_lines = "1000000"; // what the daemon gives at most

std::string logs_target(const LogOptions& logs, const std::string& after)
{
    std::string query;
    const auto add = [&](const char* key, const std::string& value) {
        if (!value.empty()) query += (query.empty() ? '?' : '&') + std::string(key) + '=' + encoded(value);
    };
    add("service", logs.service);
    add("run", logs.run);
    add("since", logs.since);
    add("until", logs.until);
    add("grep", logs.grep);
    if (logs.follow) add("follow", "1");
    add("after", after);
    if (logs.limit)
        add("limit", std::to_string(*logs.limit));
    else if (!logs.follow && !(logs.since.empty() && logs.until.empty()))
        add("limit", most_lines);
    return "/v1/logs" + query;
}

std::string shown(Session& session, const json& line, std::string_view raw,
                  std::string (*view)(const json&, const Style&))
{
    if (session.options.json) return std::string(raw) + '\n';
    auto text = view(line, session.style());
    return text.empty() ? text : text + '\n';
}

} // namespace

int logs_command(Session& session)
{
    const auto& logs = session.options.logs;
    if (!logs.follow) {
        client::Request request;
        request.target = logs_target(logs, logs.after);
        const auto reply = session.ask_patiently(request);
        if (!reply) return reply.error();
        if (session.options.json) return session.print(reply->body) ? exit_done : exit_ours;
        const auto list = session.value(*reply);
        if (!list) return list.error();
        std::string text;
        for (const auto& line : part(*list, "lines")) text += log_line(line, session.style()) + '\n';
        return session.print(text) ? exit_done : exit_ours;
    }
    Following following;
    // A connection that is lost before the first line goes on from the moment it was made, not from the newest lines.
    const auto begun = base::format_wall_time(base::wall_now());
    bool again = false;
    following.request = [&](const std::string& token) {
        client::Request request;
        request.target = logs_target(logs, !token.empty() ? token : again && logs.after.empty() ? begun : logs.after);
        request.accept = "application/x-ndjson";
        return request;
    };
    following.on_lost = [&](const base::Error&) {
        again = true;
        return std::nullopt;
    };
    following.on_line = [&](const json& line, std::string_view raw) {
        return session.print(shown(session, line, raw, log_line)) ? std::nullopt : std::optional(exit_ours);
    };
    return session.follow(following);
}

int watch_command(Session& session)
{
    Following following;
    following.request = [](const std::string& token) {
        client::Request request;
        request.target = "/v1/watch" + (token.empty() ? "" : "?after=" + encoded(token));
        request.accept = "application/x-ndjson";
        return request;
    };
    following.on_line = [&](const json& line, std::string_view raw) {
        return session.print(shown(session, line, raw, watch_line)) ? std::nullopt : std::optional(exit_ours);
    };
    return session.follow(following);
}

} // namespace processd::ctl
