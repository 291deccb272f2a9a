// SPDX-License-Identifier: GPL-3.0-or-later
// doctor: of the daemon, or where there is none of this process.
#include "helpers/abilities/report.h"
#include "helpers/client/problem.h"
#include "processd/ctl/ability_view.h"
#include "processd/ctl/commands.h"
#include "processd/ctl/exit_code.h"

#include <nlohmann/json.hpp>

namespace processd::ctl {
namespace {

using nlohmann::json;

constexpr auto patience = std::chrono::seconds{40}; // more than the daemon has for its own child

bool nobody_listens(const base::Error& error)
{
    return error.code == std::errc::no_such_file_or_directory || error.code == std::errc::connection_refused ||
           error.code == std::errc::permission_denied;
}

} // namespace

int doctor_command(Session& session)
{
    std::string bytes;
    if (!session.options.here) {
        client::Request request;
        request.target = "/v1/abilities";
        request.wait = patience;
        client::Connection connection(session.settings());
        auto reply = connection.ask(request);
        if (!reply && nobody_listens(reply.error())) {
            session.complain(reply.error().message() + "; this is what processctl itself may do here");
        } else {
            if (!reply || !reply->ok()) { // over a restart of the manager, and with the reason if there is one
                auto again = session.ask_patiently(request);
                if (!again) return again.error();
                reply = *std::move(again);
            }
            bytes = reply->body;
        }
    }
    if (bytes.empty()) bytes = abilities::report("processctl", {}).dump() + "\n";
    const auto found = client::parse(bytes);
    if (!found) {
        session.complain(found.error().message());
        return exit_ours;
    }
    if (!session.print(session.options.json ? bytes : ability_table(*found, session.style()))) return exit_ours;
    return some_missing(*found) ? exit_failed : exit_done;
}

} // namespace processd::ctl
