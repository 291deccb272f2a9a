// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/notify.h"

#include "helpers/addresses/address_file.h"
#include "helpers/base/crash_point.h"
#include "helpers/base/lock_file.h"
#include "helpers/base/log.h"
#include "helpers/command/command.h"
#include "statd-callout/helper/nsm_state.h"
#include "statd-callout/helper/sm_notify.h"
#include "statd-callout/helper/store.h"
#include "statd-callout/helper/update.h"
#include "statd-callout/names.h"
#include "statd-callout/notify/sender.h"

#include <algorithm>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <sys/stat.h>

namespace callout {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

// Those who live answer at once; the first records go when they have, the others' when they do.
constexpr seconds first_round{3}, second_round{60};

// The clients of an address that are to be told, one a line.
addresses::AddressFile clients_of(const Settings& settings, const std::string& server)
{
    return addresses::AddressFile{settings.kept_directory + "/notify/" + server};
}

// rpc.statd would tell its peers by itself when it starts, from any address.
void forget_peers(const Settings& settings)
{
    if (settings.sm_directory.empty()) return;
    for (const auto& directory : {settings.sm_directory, settings.sm_directory + ".bak"}) {
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator(directory, ignored))
            if (fs::is_regular_file(entry.symlink_status(ignored))) fs::remove(entry.path(), ignored);
    }
}

// Under which names clients may know a server address: the address, and the host's name, whole and short.
std::vector<std::string> names_of(const std::string& server, const std::string& host)
{
    std::vector<std::string> names{server};
    if (host.empty()) return names;
    names.push_back(host);
    if (const auto dot = host.find('.'); dot != std::string::npos && dot > 0) names.push_back(host.substr(0, dot));
    return names;
}

std::string host_name(const Settings& settings)
{
    if (!settings.host_name.empty()) return settings.host_name;
    const auto ran = command::run({"nfsconf", "--get", "statd", "name"}, {}, seconds{5});
    const auto lines = ran && ran->good() ? addresses::parse_lines(ran->out) : std::vector<std::string>{};
    return lines.empty() ? std::string() : lines.front();
}

struct Work {
    std::vector<Target> targets;
    std::vector<ClientRecord> records; // of the targets, in the same order
};

// Clients listed in our files, and records that are marked though no file lists them, as after a death of this node.
base::Result<Work> find_work(const Settings& settings, Store& store)
{
    const auto hosted = hosted_addresses(settings);
    if (!hosted) return tl::unexpected(hosted.error());
    const auto stored = store.read();
    if (!stored) return tl::unexpected(stored.error());
    std::set<std::pair<std::string, std::string>> seen;
    const auto host = host_name(settings);
    Work work;
    const auto add = [&](const std::string& server, const std::string& client, std::int32_t state) {
        // The names of files and the arguments of programs are made of them.
        if (why_hostile(client) != nullptr || client.front() == '-' || !seen.emplace(server, client).second) return;
        work.targets.push_back({server, client, state, names_of(server, host)});
        work.records.push_back({server, client, {}});
    };
    for (const auto& server : *hosted) {
        const auto known = stored->states.find(server);
        const auto state = known == stored->states.end() ? next_state({}, ::time(nullptr)) : known->second;
        const auto clients = clients_of(settings, server).read();
        for (const auto& client : clients.value_or(std::vector<std::string>{})) add(server, client, state);
        for (const auto& record : stored->records)
            if (record.server == server && marked_state(record.value)) add(server, record.client, state);
    }
    return work;
}

// Files of addresses that have moved on: their records are the new owner's.
void forget_moved(const Settings& settings)
{
    const auto hosted = hosted_addresses(settings);
    if (!hosted) return;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(settings.kept_directory + "/notify", ignored)) {
        const auto name = entry.path().filename().string();
        if (name.find(".lock") == std::string::npos && std::find(hosted->begin(), hosted->end(), name) == hosted->end())
            fs::remove(entry.path(), ignored);
    }
}

base::Result<void> settle(const Settings& settings, Store& store, const std::vector<ClientRecord>& reached)
{
    if (reached.empty()) return {};
    const auto held = store.hold(seconds{10});
    if (!held) return tl::unexpected(held.error());
    if (auto removed = store.remove_marked(reached); !removed) return removed;
    std::map<std::string, std::vector<std::string>> by_server;
    for (const auto& record : reached) by_server[record.server].push_back(record.client);
    for (const auto& [server, clients] : by_server) {
        const auto file = clients_of(settings, server);
        auto left = file.read().value_or(std::vector<std::string>{});
        std::erase_if(left,
                      [&](const auto& c) { return std::find(clients.begin(), clients.end(), c) != clients.end(); });
        std::error_code ignored;
        if (left.empty())
            fs::remove(file.path(), ignored);
        else if (auto replaced = file.replace(left); !replaced)
            return replaced;
    }
    return {};
}

base::Result<Told> tell_all(const Settings& settings, Store& store)
{
    const base::UniqueFd tried{
        ::open((settings.kept_directory + "/notify.tried").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
    ::futimens(tried.get(), nullptr);
    auto work = find_work(settings, store);
    if (!work) return tl::unexpected(work.error());
    Told told;
    for (const auto deadline : {first_round, second_round}) {
        if (work->targets.empty()) break;
        std::vector<ClientRecord> reached;
        Work left;
        const bool last = settings.uses_sm_notify || deadline == second_round;
        const auto judge = [&](std::size_t i, const Outcome& outcome) {
            if (outcome.reached) {
                reached.push_back(work->records[i]);
                return;
            }
            left.targets.push_back(work->targets[i]);
            left.records.push_back(work->records[i]);
            if (last)
                base::log::warning(
                    "client not reached",
                    {{"server", work->records[i].server}, {"client", work->records[i].client}, {"why", outcome.why}});
        };
        if (settings.uses_sm_notify)
            run_sm_notify(settings, work->targets, judge);
        else
            notify_all(work->targets, deadline, judge);
        base::crash_point("notify", "told");
        if (auto settled = settle(settings, store, reached); !settled) return tl::unexpected(settled.error());
        told.reached += reached.size();
        work = std::move(left);
        if (last) break;
    }
    told.unreached = work->targets.size();
    if (told.reached + told.unreached > 0)
        base::log::info("clients notified", {{"reached", told.reached}, {"unreached", told.unreached}});
    return told;
}

// Nobody else on this node is at it.
base::Result<base::UniqueFd> alone(const Settings& settings)
{
    return base::lock_file(settings.kept_directory + "/notify.lock", seconds{120});
}

} // namespace

base::Result<void> mark_clients(const Settings& settings, const std::string& server, base::Duration timeout)
{
    const auto store = open_store(settings);
    if (!store) return {};
    const auto file = clients_of(settings, server);
    ::unlink(file.path().c_str()); // of an earlier time; those whom it listed are still marked
    const auto held = store->hold(timeout);
    if (!held) return tl::unexpected(held.error());
    if (settings.storage == Storage::persistent_db) {
        auto queue = open_queue(settings);
        if (!queue) return tl::unexpected(queue.error());
        if (auto done = update_held(settings, *queue, {{}, server}); !done) return tl::unexpected(done.error());
    }
    const auto stored = store->read();
    if (!stored) return tl::unexpected(stored.error());
    std::vector<ClientRecord> records;
    std::vector<std::string> clients;
    for (const auto& record : stored->records)
        if (record.server == server) {
            records.push_back(record);
            clients.push_back(record.client);
        }
    ::mkdir((settings.kept_directory + "/notify").c_str(), 0755);
    if (auto written = file.replace(clients); !written) return written;
    base::crash_point("notify", "listed");
    if (records.empty()) return {};
    const auto last = stored->states.find(server);
    return store->mark_records(
        records, server,
        next_state(last == stored->states.end() ? std::nullopt : std::optional{last->second}, ::time(nullptr)));
}

base::Result<Told> retry(const Settings& settings)
{
    const auto store = open_store(settings);
    if (!store) return Told{};
    const auto lock = alone(settings);
    if (!lock) return tl::unexpected(lock.error());
    return tell_all(settings, *store);
}

base::Result<Told> notify(const Settings& settings)
{
    forget_peers(settings);
    const auto store = open_store(settings);
    if (!store) return Told{};
    const auto lock = alone(settings);
    if (!lock) return tl::unexpected(lock.error());
    const addresses::AddressFile taken{settings.new_addresses()};
    const auto servers = taken.read();
    for (const auto& server : servers.value_or(std::vector<std::string>{})) {
        if (clients_of(settings, server).read()) {
            // Marked in takeip.
        } else if (auto marked = mark_clients(settings, server, seconds{30}); !marked) {
            return tl::unexpected(marked.error());
        }
        if (auto removed = taken.remove(server); !removed) return tl::unexpected(removed.error());
    }
    auto told = tell_all(settings, *store);
    forget_moved(settings);
    return told;
}

} // namespace callout
