// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/metrics.h: what GET /v1/metrics tells, all but the API's own part. docs/metrics.md is the page.
//
// Where each number comes from decides what a manager's death costs it. Runs are counted in the transaction of their
// records; restarts, bytes and what the keeper counts are asked for; the rest (lines, sinks, requests) is counted here,
// and on record before it is told, and ten seconds after it has changed at the latest. So nothing ever goes back, and
// of the last kind at most ten seconds are lost. With nothing to count there is no timer.
#pragma once

#include "processd/loop/loop.h"
#include "processd/model/counters.h"
#include "processd/model/cpu_count.h"
#include "processd/protocol/message.h"
#include "processd/supervisor/services.h"
#include "processd/supervisor/usage.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace processd::loop {
class KeeperClient;
}
namespace processd::store {
class Store;
}

namespace processd::supervisor {

class Journal;
class Memory;
class Runs;

struct ManagerFigures { // what its owner knows
    base::WallTime manager_started{};
    base::WallTime config_loaded{};
    bool config_error = false;
    bool config_differs_on_disk = false;
    bool stopping = false;
    std::set<std::string> declared; // names in the configuration
};

class Metrics {
public:
    Metrics(loop::Loop& loop, loop::KeeperClient& keeper, store::Store& store, const protocol::Hello& hello);
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    // What goes on counting over managers; also for those above.
    [[nodiscard]] model::Counters& counters() noexcept { return counters_; }
    void changed(); // one of them, or something that goes on as one has

    struct Parts {
        Runs& runs;
        Services& services;
        Journal& journal;
        Memory& memory;
        std::function<ManagerFigures()> manager;
    };
    void watch(const Parts& parts); // once all are there

    // Looks at everything, which takes no longer than a second, and puts on record what is going to be told. write()
    // tells it from inside `done`.
    void gather(std::function<void()> done);
    void write(model::MetricText& to) const;

    void told(const protocol::Figures& figures); // by the keeper

private:
    struct Sink {
        model::Labels labels;
        std::uint64_t queued_bytes = 0;
        bool failing = false;
    };
    void gathered();
    void count_on(const std::string& family, const model::Labels& labels, std::uint64_t now);
    void count_cpu();
    void count_logs();
    void drop_undeclared();
    void save();
    [[nodiscard]] std::string shown_name(const std::string& name) const;
    void write_daemon(model::MetricText& to) const;
    void write_services(model::MetricText& to) const;
    void write_usage(model::MetricText& to) const;
    void write_runs(model::MetricText& to) const;
    void write_logs(model::MetricText& to) const;

    loop::KeeperClient& keeper_;
    store::Store& store_;
    const protocol::Hello& hello_;
    std::optional<Parts> parts_;
    model::Counters counters_;
    std::map<std::string, model::CpuCount> cpu_;                         // by service
    std::map<std::string, std::map<model::Labels, std::uint64_t>> last_; // what count_on() was told, in this manager
    Usage usage_;
    loop::Timer save_timer_, figures_timer_;

    // Of the round that is under way, or of the last one.
    std::vector<std::function<void()>> waiting_;
    bool usage_here_ = false, figures_here_ = false;
    std::optional<Usages> usages_;
    protocol::Figures figures_{};
    std::vector<ServiceFigures> services_;
    std::vector<Sink> sinks_;
};

} // namespace processd::supervisor
