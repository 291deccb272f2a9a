// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/db_store.h"

#include "helpers/command/command.h"
#include "helpers/queued-db/carrier.h"
#include "helpers/queued-db/ptrans_text.h"
#include "statd-callout/helper/update.h"

#include <set>

namespace callout {
namespace {

constexpr auto timeout = std::chrono::seconds{8};
constexpr std::size_t at_once = 1000; // keys of a transaction

std::string state_key(const std::string& server) { return std::string(state_prefix) + server; }

} // namespace

base::Result<base::UniqueFd> DbStore::hold(base::Duration wait)
{
    queued_db::Limits limits;
    limits.lock_timeout = wait;
    auto queue = queued_db::Queue::open(settings_.kept_directory + "/queued-db", settings_.db, limits);
    if (!queue) return tl::unexpected(queue.error());
    return queue->hold_flushes();
}

base::Result<Stored> DbStore::read()
{
    auto argv = settings_.ctdb;
    argv.insert(argv.end(), {"catdb", settings_.db});
    const auto ran = command::run(argv, {}, timeout);
    if (!ran) return tl::unexpected(ran.error());
    if (!ran->good()) return base::fail(base::Errc::unavailable, "ctdb catdb " + settings_.db + " " + ran->reason());
    Stored stored;
    stored.records = parse_catdb(ran->out, &stored.states);
    return stored;
}

base::Result<void> DbStore::mark_records(const std::vector<ClientRecord>& records, const std::string& server,
                                         std::int32_t state)
{
    std::vector<queued_db::Operation> operations{{state_key(server), std::to_string(state)}};
    for (const auto& record : records) operations.push_back({record.key(), mark(state)});
    return commit(operations);
}

base::Result<void> DbStore::remove_marked(const std::vector<ClientRecord>& records)
{
    // What the callout has left since is newer than what we are about to do.
    auto queue = open_queue(settings_);
    if (!queue) return tl::unexpected(queue.error());
    if (auto taken = update_held(settings_, *queue); !taken) return tl::unexpected(taken.error());
    const auto stored = read();
    if (!stored) return tl::unexpected(stored.error());
    std::set<std::string> marked;
    for (const auto& record : stored->records)
        if (marked_state(record.value)) marked.insert(record.key());
    std::vector<queued_db::Operation> operations;
    for (const auto& record : records)
        if (marked.contains(record.key())) operations.push_back({record.key(), std::nullopt});
    return commit(operations);
}

base::Result<void> DbStore::commit(const std::vector<queued_db::Operation>& operations)
{
    const auto carrier = queued_db::ptrans_carrier(settings_.db, timeout);
    std::string text;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        const auto line = queued_db::ptrans_line(operations[i]);
        if (!line) return tl::unexpected(line.error());
        text += *line;
        if ((i + 1) % at_once != 0 && i + 1 != operations.size()) continue;
        if (auto carried = carrier(text); !carried) return carried;
        text.clear();
    }
    return {};
}

} // namespace callout
