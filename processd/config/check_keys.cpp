// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/check_keys.h"

#include "processd/config/probe_keys.h"
#include "processd/config/service_keys.h"
#include "processd/config/signal_key.h"

namespace processd::config {
namespace {

using namespace std::chrono_literals;
using model::CheckAction;
using model::Level;

void read_check(TableReader& keys, model::CheckSpec& check, std::vector<Reference>& jobs)
{
    const auto ways = ways_of(keys, probe_keys);
    if (ways.empty())
        keys.complain(keys.place(), "",
                      "[" + keys.path() +
                          "] needs one of command = [...], tcp = \"ADDRESS:PORT\", unix = \"/PATH\", http = \"URL\", "
                          "rpc = { ... }");
    else if (ways.size() > 1)
        keys.complain(ways[1]->place, ways[1]->key,
                      "[" + keys.path() + "] has both " + quoted(ways[0]->key) + " and " + quoted(ways[1]->key) +
                          "; a check asks in one way");
    else
        read_probe(keys, ways[0]->key, check.probe);
    keys.duration("every", check.every, {100ms, 24h});
    keys.duration("timeout", check.timeout, {10ms, 1h});
    keys.number("threshold", check.threshold, 1, 1000);
    keys.duration("start_delay", check.start_delay, {0ms, 24h});
    keys.number("jitter_percent", check.jitter_percent, 0, 100);
    keys.word<Level>("level", check.level, {{"alive", Level::alive}, {"ready", Level::ready}});
    keys.word<CheckAction>("action", check.action,
                           {{"none", CheckAction::none},
                            {"restart", CheckAction::restart},
                            {"stop", CheckAction::stop},
                            {"signal", CheckAction::signal},
                            {"job", CheckAction::job}});
    const Entry* signal = keys.find("signal");
    if (check.action == CheckAction::signal && signal == nullptr)
        keys.complain(*keys.find("action"), R"(action = "signal" needs the signal, like signal = "USR1")");
    if (check.action != CheckAction::signal && signal != nullptr)
        keys.complain(*signal, R"("signal" goes with action = "signal" only)");
    read_signal(keys, check.signal);
    const Entry* job = keys.find("job");
    if (check.action == CheckAction::job && job == nullptr)
        keys.complain(*keys.find("action"), R"(action = "job" needs the job, like job = "collect-traces")");
    if (check.action != CheckAction::job && job != nullptr)
        keys.complain(*job, R"("job" goes with action = "job" only)");
    if (keys.text("job", check.job)) jobs.push_back({"check." + check.name + ".job", check.job, job->value.place});
    keys.finish();
}

} // namespace

void read_checks(TableReader& service, std::vector<model::CheckSpec>& checks, std::vector<Reference>& jobs)
{
    auto all = service.table("check", R"([service.check.answers] with tcp = "127.0.0.1:2049")");
    if (!all) return;
    for (const auto& entry : all->entries()) {
        (void)all->find(entry.key);
        if (!is_service_name(entry.key)) {
            all->complain(entry,
                          "the name of a check has at most 64 of a to z, 0 to 9, _ . @ -, and begins with a letter "
                          "or a digit; " +
                              quoted(entry.key) + " does not fit");
            continue;
        }
        auto keys = all->table(entry.key, R"([service.check.answers] with tcp = "127.0.0.1:2049")");
        if (!keys) continue;
        model::CheckSpec check;
        check.name = entry.key;
        read_check(*keys, check, jobs);
        checks.push_back(std::move(check));
    }
}

} // namespace processd::config
