// SPDX-License-Identifier: GPL-3.0-or-later
// add, remove: services that are declared over the API and have no file
#include "processd/ctl/commands.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/operation_wait.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace processd::ctl {
namespace {

using client::encoded;
using nlohmann::json;

constexpr std::size_t most = 1U << 20U; // the daemon takes less, and says so

std::string service_path(const std::string& name) { return "/v1/services/" + encoded(name); }

base::Result<std::string> read_declaration(const std::string& path)
{
    base::UniqueFd file;
    int fd = STDIN_FILENO;
    if (path != "-") {
        file.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file) return base::fail(errno, "cannot open " + path);
        fd = file.get();
    }
    std::string text;
    std::array<char, 16 * 1024> buffer; // NOLINT: filled by read
    while (text.size() <= most) {
        const auto n = ::read(fd, buffer.data(), buffer.size());
        if (n == 0) return text;
        if (n < 0 && errno != EINTR) return base::fail(errno, "cannot read " + path);
        if (n > 0) text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return base::fail(base::Errc::limit, path + " is too large to be a declaration");
}

base::Result<std::string> declaration_of(const Options& options)
{
    if (!options.file.empty()) return read_declaration(options.file);
    json service{{"command", options.declared}};
    if (options.start) service["start"] = *options.start;
    return json{{"service", service}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

// What of it waits for the next start of what runs.
std::string put_line(const std::string& name, const json& answer)
{
    std::string line = clean(name) + ' ' + clean(text(answer, "result"));
    std::vector<std::string> later;
    for (const auto& change : part(answer, "changes"))
        if (text(change, "applies") == "next_start") later = texts(change, "keys");
    if (!later.empty()) line += "; from its next start on: " + clean(joined(later));
    return line + '\n';
}

} // namespace

int add_command(Session& session)
{
    const auto& name = session.options.names.front();
    const auto deadline = wait_deadline(session);
    const auto declaration = declaration_of(session.options);
    if (!declaration) {
        session.complain(declaration.error().message());
        return exit_usage;
    }
    client::Request request;
    request.method = "PUT";
    request.target = service_path(name);
    request.body = *declaration;
    const auto reply = session.ask_patiently(request); // twice is once
    const auto answer = reply.and_then([&](const auto& r) { return session.value(r); });
    if (!answer) return answer.error();
    if (!session.print(session.options.json ? reply->body : put_line(name, *answer))) return exit_ours;
    const auto id = text(*answer, "operation");
    if (id.empty() || !session.options.wait) return exit_done;
    const auto start = session.ask_patiently(get("/v1/operations/" + encoded(id)));
    auto operation = start.and_then([&](const auto& r) { return session.value(r); });
    return operation ? finish(session, {*std::move(operation), start->body}, deadline, service_path)
                     : operation.error();
}

int remove_command(Session& session)
{
    const auto deadline = wait_deadline(session);
    int result = exit_done;
    for (const auto& name : session.options.names) {
        client::Request request;
        request.method = "DELETE";
        request.target = service_path(name);
        const auto reply = session.ask(request);
        auto operation = reply.and_then([&](const auto& r) { return session.value(r); });
        if (!operation) {
            result = operation.error();
            if (result == exit_ours) return result;
            continue;
        }
        if (!session.options.wait) {
            if (!session.print(session.options.json ? reply->body : clean(name) + " removed\n")) return exit_ours;
            continue;
        }
        const int code = finish(session, {*std::move(operation), reply->body}, deadline, nullptr);
        if (code != exit_done) result = code;
    }
    return result;
}

} // namespace processd::ctl
