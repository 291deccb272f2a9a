// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/queued-db/carrier.h"

#include "helpers/command/command.h"

#include <cstdlib>
#include <unistd.h>

namespace queued_db {
namespace {

constexpr int daemon_failed = 125; // processctl's exit code when not the command but the daemon failed

bool daemon_is_there()
{
    const char* named = std::getenv("CTDB_PROCESSD_SOCKET");
    return ::geteuid() == 0 && ::access(named != nullptr ? named : "/run/ctdb-processd/api.socket", W_OK) == 0;
}

// What ctdb needs to find its daemon; a run of ctdb-processd has nothing else of our environment.
std::vector<std::string> under_daemon(const std::vector<std::string>& argv, base::Duration timeout)
{
    std::vector<std::string> words{
        "processctl", "run",
        "--stdin",    "-",
        "--timeout",  std::to_string(std::chrono::ceil<std::chrono::milliseconds>(timeout).count()) + "ms"};
    for (const char* name : {"CTDB_BASE", "CTDB_TEST_MODE", "CTDB_SOCKET", "CTDB_NODES"})
        if (const char* value = std::getenv(name))
            words.insert(words.end(), {"--env", std::string(name) + "=" + value});
    words.emplace_back("--");
    words.insert(words.end(), argv.begin(), argv.end());
    return words;
}

} // namespace

Carrier ptrans_carrier(const std::string& db, base::Duration timeout)
{
    return [db, timeout](const std::string& text) -> base::Result<void> {
        auto argv = command::ctdb_command();
        argv.insert(argv.end(), {"ptrans", db});
        if (daemon_is_there()) {
            const auto ran = command::run(under_daemon(argv, timeout), text, timeout + std::chrono::seconds{2});
            if (ran && ran->good()) return {};
            if (ran && ran->code != daemon_failed)
                return base::fail(base::Errc::unavailable, "ctdb ptrans " + db + " " + ran->reason());
        }
        const auto ran = command::run(argv, text, timeout);
        if (!ran) return tl::unexpected(ran.error());
        if (!ran->good()) return base::fail(base::Errc::unavailable, "ctdb ptrans " + db + " " + ran->reason());
        return {};
    };
}

} // namespace queued_db
