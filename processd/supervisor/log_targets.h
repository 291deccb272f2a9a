// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/log_targets.h: the sinks that are in force, and the way of each line to those that are meant for
// it. A reload changes them between two lines: what stays keeps its thread and queue, what goes writes what it has and
// is waited for in the background, so no line is lost or written twice. Lines beyond a rate limit are left out of the
// sinks and counted, and a notice takes their place when their period is over. Nothing here waits, but for the
// destructor.
#pragma once

#include "processd/loop/loop.h"
#include "processd/output/rate_limit.h"
#include "processd/output/sink_writer.h"
#include "processd/supervisor/log_plan.h"

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

namespace processd::supervisor {

struct SinkFigures {
    std::string service, name; // whose own it is, or empty; its name, or where it writes to
    std::uint64_t lines_written = 0, lines_dropped = 0, queued_bytes = 0;
    bool failing = false;
};
struct LogFigures { // since this manager began, or the sink
    std::vector<SinkFigures> sinks;
    std::map<std::string, std::uint64_t> rate_limited; // lines by service, "" for all ad-hoc runs
};

class LogTargets {
public:
    class Source; // one run, as the sinks know it
    using SourcePtr = std::shared_ptr<Source>;

    // on_progress: some sink has got further. patience: with a sink that was taken away and still has something.
    LogTargets(loop::Loop& loop, std::uint64_t epoch, std::function<void()> on_progress,
               base::Duration patience = std::chrono::seconds{10});
    ~LogTargets(); // gives the sinks a moment, all together, to write what is queued
    LogTargets(const LogTargets&) = delete;
    LogTargets& operator=(const LogTargets&) = delete;

    // A sink that cannot be made is logged and left out.
    void apply(const LogPlan& plan);
    void reopen();
    // Waits until all lines so far are written, or the time is over.
    void drain(base::Duration patience);

    [[nodiscard]] SourcePtr source(const std::string& service, const std::string& run);
    void write(Source& source, const output::LogLine& line);
    void end(Source& source); // nothing more comes: what was left out is told
    // All lines of the source up to here are written, or dropped and counted.
    [[nodiscard]] std::uint64_t written_seq(Source& source) const;

    [[nodiscard]] LogFigures figures() const;
    // docs/openapi.yaml, System: "logs".
    [[nodiscard]] nlohmann::json status() const;

private:
    struct Target {
        PlannedSink planned;
        std::unique_ptr<output::SinkWriter> writer; // none once it is gone
        base::Time give_up{};                       // of a retired one
    };
    using TargetPtr = std::shared_ptr<Target>;
    struct Route {
        std::array<std::vector<TargetPtr>, 2> targets;
        std::uint64_t rate_lines = 0;
        base::Duration rate_period{};
    };

    [[nodiscard]] TargetPtr make(const PlannedSink& planned);
    [[nodiscard]] TargetPtr known(const std::string& key, std::vector<TargetPtr>& among);
    [[nodiscard]] output::LineForm form_of(const model::SinkSpec& spec) const;
    void retire(const TargetPtr& target);
    void sweep(); // retired ones that are done, or had their time
    [[nodiscard]] const Route& route_of(Source& source) const;
    void tell(Source& source);
    void tell_due();

    const std::uint64_t epoch_;
    const base::Duration patience_;
    std::function<void()> on_progress_;
    loop::Async wake_;
    loop::Timer retire_timer_, notice_timer_;
    std::vector<TargetPtr> targets_, retired_;
    Route usual_;
    std::map<std::string, Route> services_;
    std::uint64_t generation_ = 0; // of routes
    std::uint64_t newest_seq_ = 0;
    std::map<std::string, std::shared_ptr<output::RateLimit>> limits_; // of services, over their runs
    std::set<SourcePtr> held_;                                         // of which a notice is due
    std::map<std::string, std::uint64_t> limited_;                     // lines by service, "" for all ad-hoc runs
};

} // namespace processd::supervisor
