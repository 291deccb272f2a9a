// SPDX-License-Identifier: GPL-3.0-or-later
// The families of Metrics, in the order of docs/metrics.md.
#include "processd/store/store.h"
#include "processd/supervisor/journal.h"
#include "processd/supervisor/memory.h"
#include "processd/supervisor/metrics.h"
#include "processd/supervisor/runs.h"
#include "processd/supervisor/version.h"

namespace processd::supervisor {
namespace {

using model::Labels;
using model::MetricText;
using enum model::MetricType;

constexpr std::array<std::string_view, 7> service_states{"stopped",  "waiting", "starting", "ready",
                                                         "stopping", "backoff", "failed"};

std::string word(std::string_view text) { return std::string(text); }

} // namespace

void Metrics::write(MetricText& to) const
{
    write_daemon(to);
    write_services(to);
    write_usage(to);
    write_runs(to);
    write_logs(to);
}

void Metrics::write_daemon(MetricText& to) const
{
    const auto manager = parts_->manager();
    const auto keeper_started = base::wall_from_ns(hello_.started_wall_ns);
    to.family("processd_build", info, "", "The version that runs");
    to.sample({{"version", version()}}, 1);
    to.family("processd_keeper_start_time_seconds", gauge, "seconds", "When the keeper began, seconds since 1970");
    to.sample({}, keeper_started);
    to.family("processd_manager_start_time_seconds", gauge, "seconds", "When the manager began, seconds since 1970");
    to.sample({}, manager.manager_started);
    to.family("processd_manager_restarts", counter, "", "Managers that the keeper has started in place of another");
    to.sample({}, hello_.incarnation - 1, keeper_started);
    to.family("processd_orphans_reaped", counter, "",
              "Processes that lost their parents, were taken over by the keeper and have ended");
    to.sample({}, figures_.orphans_reaped, keeper_started);
    to.family("processd_memory_bytes", gauge, "bytes", "Memory of the keeper and of the manager (PSS)");
    if (const auto kb = parts_->memory.keeper_kb()) to.sample({{"process", "keeper"}}, *kb * 1024);
    if (const auto kb = parts_->memory.manager_kb()) to.sample({{"process", "manager"}}, *kb * 1024);
    to.family("processd_config_loaded_time_seconds", gauge, "seconds",
              "When the configuration in force was read, seconds since 1970");
    to.sample({}, manager.config_loaded);
    to.family("processd_config_error", gauge, "", "1 if the last reload was refused, as the configuration is wrong");
    to.sample({}, manager.config_error);
    to.family("processd_config_differs_on_disk", gauge, "", "1 if the configuration on disk is not the one in force");
    to.sample({}, manager.config_differs_on_disk);
    to.family("processd_stopping", gauge, "", "1 while everything is being stopped in order");
    to.sample({}, manager.stopping);
}

void Metrics::write_services(MetricText& to) const
{
    to.family("processd_service_state", gauge, "", "1 for the state that the service is in, 0 for the others");
    for (const auto& service : services_)
        for (const auto state : service_states)
            to.sample({{"service", service.name}, {"state", word(state)}}, service.state == state);
    to.family("processd_service_state_time_seconds", gauge, "seconds",
              "When the service came into its state, seconds since 1970");
    for (const auto& service : services_) to.sample({{"service", service.name}}, service.since);
    to.family("processd_service_wanted", gauge, "", "1 if the service is wanted up");
    for (const auto& service : services_) to.sample({{"service", service.name}}, service.wanted);
    to.family("processd_service_restarts", counter, "", "Restarts by policy");
    for (const auto& service : services_)
        to.sample({{"service", service.name}}, service.restarts, base::wall_from_ns(hello_.started_wall_ns));
    to.family("processd_service_check_failing", gauge, "", "1 if the check fails as often as it takes");
    for (const auto& service : services_)
        for (const auto& [check, failing] : service.checks)
            to.sample({{"service", service.name}, {"check", check}}, failing);
}

void Metrics::write_usage(MetricText& to) const
{
    to.family("processd_usage_read", gauge, "",
              "1 if what services use could be read in time; if not, memory, descriptors and processes are missing");
    to.sample({}, usages_.has_value());
    to.family("processd_service_cpu_seconds", counter, "seconds", "Processor time of the service's processes");
    for (const auto& [service, count] : cpu_) to.sample({{"service", service}}, count.shown, count.created);
    const auto each = [&](std::uint64_t Used::*value) {
        if (usages_)
            for (const auto& [service, used] : *usages_) to.sample({{"service", service}}, used.*value);
    };
    to.family("processd_service_resident_memory_bytes", gauge, "bytes",
              "Resident memory of the service's processes; what they share counts for each");
    each(&Used::resident_bytes);
    to.family("processd_service_open_fds", gauge, "", "Open descriptors of the service's processes");
    each(&Used::open_fds);
    to.family("processd_service_processes", gauge, "", "Processes of the service");
    each(&Used::processes);
}

void Metrics::write_runs(MetricText& to) const
{
    const auto& tally = store_.records().tally();
    to.family("processd_runs", counter, "", "Runs that have ended and are on record");
    for (const auto& [kind, of] : tally.kinds)
        for (std::size_t i = 0; i < model::outcome_kinds; ++i)
            to.sample({{"kind", word(name_of(kind))}, {"outcome", word(name_of(static_cast<model::OutcomeKind>(i)))}},
                      of.outcomes[i], of.created);
    to.family("processd_runs_failed", counter, "", "Of these, those that did not end with exit code 0");
    for (const auto& [name, of] : tally.names)
        for (const auto& [kind, its] : of.kinds)
            to.sample({{"kind", word(name_of(kind))}, {"name", name}}, its.failed, of.created);
    to.family("processd_run_duration_seconds", histogram, "seconds", "How long runs took, from start to end");
    for (const auto& [name, of] : tally.names)
        for (const auto& [kind, its] : of.kinds)
            to.sample({{"kind", word(name_of(kind))}, {"name", name}}, its.duration, of.created);
    to.family("processd_run_wait_seconds", histogram, "seconds",
              "How long it took from a run being asked for to its command running");
    for (const auto& [kind, of] : tally.kinds) to.sample({{"kind", word(name_of(kind))}}, of.wait, of.created);
    to.family("processd_runs_active", gauge, "", "Runs that have not ended");
    for (const auto& [kind, count] : parts_->runs.active_by_kind()) to.sample({{"kind", word(name_of(kind))}}, count);
    to.family("processd_records", gauge, "", "Run records that are kept");
    to.sample({}, store_.records().size());
    to.family("processd_records_waiting", gauge, "", "Runs that have ended and could not be put on record yet");
    to.sample({}, parts_->runs.waiting());
    to.family("processd_store_commits", counter, "", "Transactions of the state directory's two files");
    counters_.write(to, "processd_store_commits");
}

void Metrics::write_logs(MetricText& to) const
{
    struct Output {
        model::StreamCount out, err;
    };
    std::map<std::string, Output> outputs;
    for (const auto& [name, of] : store_.records().tally().names) outputs[name] = {of.out, of.err};
    const auto add = [](model::StreamCount& sum, const model::StreamCount& more) {
        sum.bytes += more.bytes;
        sum.dropped += more.dropped;
    };
    for (const auto& [name, counts] : parts_->runs.output_not_on_record()) {
        auto& output = outputs[shown_name(name)];
        add(output.out, counts[0]);
        add(output.err, counts[1]);
    }
    const auto each = [&](std::uint64_t model::StreamCount::*value) {
        for (const auto& [name, output] : outputs) {
            to.sample({{"service", name}, {"stream", "stdout"}}, output.out.*value);
            to.sample({{"service", name}, {"stream", "stderr"}}, output.err.*value);
        }
    };
    to.family("processd_log_bytes", counter, "bytes", "Bytes that were written to standard output and error");
    each(&model::StreamCount::bytes);
    to.family("processd_log_dropped_bytes", counter, "bytes",
              "Of these, those that were overwritten before they were read");
    each(&model::StreamCount::dropped);
    to.family("processd_log_lines", counter, "", "Lines made of them");
    counters_.write(to, "processd_log_lines");
    to.family("processd_log_limited_lines", counter, "", "Of these, those that a rate limit kept from the sinks");
    counters_.write(to, "processd_log_limited_lines");
    to.family("processd_sink_lines", counter, "", "Lines that the sink has written");
    counters_.write(to, "processd_sink_lines");
    to.family("processd_sink_dropped_lines", counter, "", "Lines that the sink was too slow for, or could not write");
    counters_.write(to, "processd_sink_dropped_lines");
    to.family("processd_sink_queued_bytes", gauge, "bytes", "What waits for the sink");
    for (const auto& sink : sinks_) to.sample(sink.labels, sink.queued_bytes);
    to.family("processd_sink_failing", gauge, "", "1 if the sink's last try to write has failed");
    for (const auto& sink : sinks_) to.sample(sink.labels, sink.failing);
}

} // namespace processd::supervisor
