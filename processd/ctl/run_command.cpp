// SPDX-License-Identifier: GPL-3.0-or-later
// run: a command under the daemon, as if it ran here: its output as it comes, its exit code, Ctrl-C cancels it. The run
// has an id of ours, so that asking again after a lost connection is the same run.
#include "processd/ctl/commands.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/line_view.h"
#include "processd/ctl/option_values.h"
#include "processd/ctl/run_view.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace processd::ctl {
namespace {

using nlohmann::json;

constexpr std::size_t max_stdin = 1U << 20U;

// Readable, and sorts by time: ctl-20261122-164309-k3x9q2.
std::string make_id()
{
    static constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    std::array<char, 40> stamp{};
    const auto size = std::strftime(stamp.data(), stamp.size(), "ctl-%Y%m%d-%H%M%S-", &utc);
    std::array<unsigned char, 8> random{};
    if (::getrandom(random.data(), random.size(), 0) < 0) random[0] = static_cast<unsigned char>(::getpid());
    std::string id(stamp.data(), size);
    for (const auto byte : random) id += digits[byte % digits.size()];
    return id;
}

base::Result<std::string> read_input(const std::string& path)
{
    base::UniqueFd file;
    int fd = STDIN_FILENO;
    if (path != "-") {
        file.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file) return base::fail(errno, "cannot open " + path + " for --stdin");
        fd = file.get();
    }
    std::string data;
    std::array<char, 64 * 1024> buffer; // NOLINT: filled by read
    while (data.size() <= max_stdin) {
        const auto n = ::read(fd, buffer.data(), buffer.size());
        if (n == 0) return data;
        if (n < 0 && errno != EINTR) return base::fail(errno, "cannot read " + path + " for --stdin");
        if (n > 0) data.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return base::fail(base::Errc::limit,
                      "--stdin " + path + " is larger than 1 MiB, which is the most a run can be given");
}

json limit_json(const std::string& text)
{
    const auto one = [](const std::string& value) {
        return value == "unlimited" ? json(value) : json(std::stoull(value)); // arguments.cpp has checked the form
    };
    const auto colon = text.find(':');
    if (colon == std::string::npos) return one(text);
    return {{"soft", one(text.substr(0, colon))}, {"hard", one(text.substr(colon + 1))}};
}

base::Result<std::string> body_of(const RunOptions& run)
{
    json body{{"command", run.command}};
    const auto put = [&](const char* key, const auto& value) {
        if (value) body[key] = *value;
    };
    const auto put_ms = [&](const char* key, const auto& value) {
        if (value) body[key] = value->count();
    };
    put("user", run.user);
    put("group", run.group);
    put("groups", run.groups);
    put("cwd", run.cwd);
    put("umask", run.umask);
    put("environment_file", run.environment_file);
    put("nice", run.nice);
    put("io_class", run.io_class);
    put("io_level", run.io_level);
    put("scheduler", run.scheduler);
    put("priority", run.priority);
    put("oom_score_adj", run.oom_score_adj);
    put("ring_bytes", run.ring_bytes);
    put_ms("spawn_timeout_ms", run.spawn_timeout);
    put_ms("timeout_ms", run.timeout);
    put_ms("stop_timeout_ms", run.stop_timeout);
    if (!run.environment.empty()) body["environment"] = run.environment;
    put("capabilities", run.capabilities);
    put("capability_bounds", run.capability_bounds);
    if (run.no_new_privs) body["no_new_privs"] = true;
    for (const auto& bind : run.binds)
        body["bind"].push_back({{"source", bind.source}, {"target", bind.target}, {"read_only", bind.read_only}});
    for (const auto& [name, value] : run.cgroup)
        if (const auto limit = parse_cgroup_limit(name, value); limit && name.find('.') == std::string::npos)
            body["cgroup"][limit->first] = limit->second;
        else
            body["cgroup"]["other"][name] = value;
    if (!run.redact.empty()) body["redact"] = run.redact;
    if (!run.as_permitted.empty()) body["as_permitted"] = run.as_permitted;
    if (!run.cpus.empty()) body["cpus"] = run.cpus;
    for (const auto& [name, value] : run.limits) body["limits"][name] = limit_json(value);
    if (run.stdin_file) {
        auto input = read_input(*run.stdin_file);
        if (!input) return tl::unexpected(input.error());
        body["stdin_base64"] = to_base64(*input);
    }
    try {
        return body.dump();
    } catch (const json::exception&) {
        return base::fail(base::Errc::bad_input, "the command and the options must be UTF-8");
    }
}

std::string with_reason(const json& run)
{
    const auto reason = text(run, "outcome") == "timed_out" ? "" : text(run, "reason"); // which says the same
    return outcome_text(run) + (reason.empty() ? "" : ": " + reason);
}

class Runner {
public:
    Runner(Session& session, std::string id, std::string body)
        : session_(session), id_(std::move(id)), body_(std::move(body))
    {
    }

    int detached()
    {
        const auto reply = session_.ask_patiently(request({}, "application/json"));
        if (!reply) return exit_ours;
        return session_.print(session_.options.json ? reply->body : id_ + '\n') ? exit_done : exit_ours;
    }

    int attached()
    {
        Following following;
        following.request = [this](const std::string& after) {
            first_ = true;
            return request(after, "application/x-ndjson");
        };
        following.on_line = [this](const json& line, std::string_view raw) { return on_line(line, raw); };
        following.on_wake = [this] { return on_signal(); };
        const int code = session_.follow(following);
        return code == exit_failed && !ended_ ? exit_ours : code; // the daemon refused it
    }

private:
    client::Request request(const std::string& after, std::string accept) const
    {
        client::Request put;
        put.method = "PUT";
        put.target = "/v1/runs/" + client::encoded(id_) + (after.empty() ? "" : "?after=" + client::encoded(after));
        put.body = body_;
        put.accept = std::move(accept);
        return put;
    }

    std::optional<int> on_line(const json& line, std::string_view raw)
    {
        const auto type = text(line, "type");
        if (unwritable_) {
            // only the end matters
        } else if (session_.options.json) {
            if (!session_.print(std::string(raw) + '\n')) return broken_output();
        } else if (type == "output") {
            const int fd = text(line, "stream") == "stderr" ? STDERR_FILENO : STDOUT_FILENO;
            if (!write_all(fd, bytes(line))) {
                session_.complain(std::string("cannot write the command's output: ") + std::strerror(errno));
                return broken_output();
            }
        } else if (type == "gap") {
            session_.complain(gap_line(line, Style{}));
        }
        // The first line says how the run is; if that is ended, its output is still to come, and the line comes again.
        const bool first = std::exchange(first_, false);
        const json& run = part(line, "run");
        if (first || type != "run" || text(run, "state") != "ended") return std::nullopt;
        ended_ = true;
        if (unwritable_) return exit_ours;
        // Tells our codes from those that a command ends with itself.
        if (!session_.options.json && (interrupted_ || text(run, "outcome") != "exited"))
            session_.complain("run " + id_ + ' ' + with_reason(run));
        return interrupted_ ? exit_cancelled : exit_code_of(run);
    }

    // Nobody reads us any more: the command would run on unseen, so it is cancelled and its end awaited.
    std::optional<int> broken_output()
    {
        if (!std::exchange(unwritable_, true)) cancel();
        return std::nullopt;
    }

    std::optional<int> on_signal()
    {
        signalfd_siginfo info{};
        const auto n = ::read(session_.settings().wake_fd, &info, sizeof info);
        if (n != static_cast<ssize_t>(sizeof info)) return std::nullopt;
        if (std::exchange(interrupted_, true)) {
            session_.complain("not waiting for run " + id_ + ", which is being cancelled");
            return exit_cancelled;
        }
        return cancel() ? std::nullopt : std::optional(exit_cancelled);
    }

    bool cancel() // false: there is nothing to wait for
    {
        auto settings = session_.settings();
        settings.wake_fd = -1;
        client::Connection connection(std::move(settings));
        client::Request request;
        request.method = "DELETE";
        request.target = "/v1/runs/" + client::encoded(id_);
        const auto reply = connection.ask(request);
        if (reply) return reply->status != 404;
        session_.complain("could not cancel run " + id_ + ": " + reply.error().message());
        return true;
    }

    Session& session_;
    std::string id_, body_;
    bool first_ = true; // no line has come on this connection
    bool interrupted_ = false, unwritable_ = false, ended_ = false;
};

} // namespace

int run_command(Session& session)
{
    const auto& run = session.options.run;
    auto body = body_of(run);
    if (!body) {
        session.complain(body.error().message());
        return exit_ours;
    }
    Runner runner(session, run.id.empty() ? make_id() : run.id, *std::move(body));
    if (run.detach) return runner.detached();
    // Only now, after standard input was read, does Ctrl-C mean the run and a closed pipe an error of write().
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGINT);
    ::sigaddset(&signals, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    const base::UniqueFd wake{::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!wake) {
        session.complain(std::string("cannot make a signalfd: ") + std::strerror(errno));
        return exit_ours;
    }
    session.wake_on(wake.get());
    return runner.attached();
}

} // namespace processd::ctl
