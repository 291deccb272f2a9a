// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/metrics.h"

#include "helpers/base/log.h"
#include "processd/loop/keeper_client.h"
#include "processd/store/store.h"
#include "processd/supervisor/journal.h"
#include "processd/supervisor/memory.h"
#include "processd/supervisor/runs.h"

#include <nlohmann/json.hpp>

namespace processd::supervisor {
namespace {

using nlohmann::json;

constexpr const char* key = "metrics";
constexpr base::Duration patience = std::chrono::seconds{1};
constexpr base::Duration save_within = std::chrono::seconds{10};

} // namespace

Metrics::Metrics(loop::Loop& loop, loop::KeeperClient& keeper, store::Store& store, const protocol::Hello& hello)
    : keeper_(keeper),
      store_(store),
      hello_(hello),
      usage_(loop, hello.cgroup.data(), hello.keeper_pid),
      save_timer_(loop, [this] { save(); }),
      figures_timer_(loop, [this] {
          figures_here_ = true; // the last ones have to do
          gathered();
      })
{
    figures_.orphans_reaped = hello.orphans_reaped;
    const auto stored = store.state().get(key);
    if (!stored) return;
    try {
        counters_.restore(stored->at("counters"));
        cpu_ = stored->at("cpu").get<std::map<std::string, model::CpuCount>>();
    } catch (const json::exception& e) {
        base::log::warning("what was counted by an earlier manager cannot be read", {{"reason", e.what()}});
    }
}

void Metrics::watch(const Parts& parts) { parts_.emplace(parts); }

void Metrics::changed()
{
    if (!save_timer_.armed()) save_timer_.at(base::now() + save_within);
}

void Metrics::save()
{
    store_.state().keep({store::change_of(key, {{"counters", counters_.stored()}, {"cpu", cpu_}})});
}

void Metrics::gather(std::function<void()> done)
{
    waiting_.push_back(std::move(done));
    if (waiting_.size() > 1) return; // a round is under way
    usage_here_ = figures_here_ = false;
    parts_->memory.refresh();
    services_ = parts_->services.figures();
    std::vector<UsageOf> living;
    for (const auto& service : services_)
        if (service.pid > 0) living.push_back({service.name, service.pid});
    figures_timer_.at(base::now() + patience);
    keeper_.ask_figures();
    usage_.read(std::move(living), patience, [this](const std::optional<Usages>& usages) {
        usages_ = usages;
        usage_here_ = true;
        gathered();
    });
}

void Metrics::told(const protocol::Figures& figures)
{
    figures_ = figures;
    figures_here_ = true;
    gathered();
}

void Metrics::gathered()
{
    if (waiting_.empty() || !usage_here_ || !figures_here_) return;
    figures_timer_.cancel();
    services_ = parts_->services.figures(); // as it is now
    drop_undeclared();
    count_cpu();
    count_logs();
    count_on("processd_store_commits", {{"file", "runs"}}, store_.records().commits());
    count_on("processd_store_commits", {{"file", "state"}}, store_.state().commits());
    save_timer_.cancel();
    save();
    for (const auto& done : std::exchange(waiting_, {})) done();
}

// Adds what is new in a count that begins at 0 with this manager, or again with whoever counts.
void Metrics::count_on(const std::string& family, const model::Labels& labels, std::uint64_t now)
{
    auto& last = last_[family][labels];
    counters_.counter(family, labels)->value += now >= last ? now - last : now;
    last = now;
}

void Metrics::count_cpu()
{
    const auto& names = store_.records().tally().names;
    for (const auto& service : services_) {
        auto& count = cpu_[service.name];
        if (count.created == base::WallTime{}) count.created = base::wall_now();
        model::CpuInput input;
        if (service.pid > 0) {
            input.run = service.run;
            const auto used = usages_ ? usages_->find(service.name) : Usages::const_iterator{};
            if (usages_ && used != usages_->end()) input.measured = used->second.cpu;
        }
        if (const auto tally = names.find(service.name); tally != names.end()) input.recorded = tally->second.cpu;
        if (!count.run.empty() && count.run != input.run)
            if (const auto former = parts_->runs.get(count.run))
                input.former = former->usage.user + former->usage.system;
        count = model::next(std::move(count), input);
    }
}

void Metrics::count_logs()
{
    const auto figures = parts_->journal.targets().figures();
    std::map<std::string, std::uint64_t> limited;
    for (const auto& [service, lines] : figures.rate_limited) limited[shown_name(service)] += lines;
    for (const auto& [service, lines] : limited) count_on("processd_log_limited_lines", {{"service", service}}, lines);
    // Two sinks without a name may differ in what no label tells: they are one series.
    std::map<model::Labels, SinkFigures> sinks;
    for (const auto& sink : figures.sinks) {
        auto& sum = sinks[{{"service", sink.service}, {"sink", sink.name}}];
        sum.lines_written += sink.lines_written;
        sum.lines_dropped += sink.lines_dropped;
        sum.queued_bytes += sink.queued_bytes;
        sum.failing = sum.failing || sink.failing;
    }
    for (const auto* family : {"processd_sink_lines", "processd_sink_dropped_lines"}) {
        counters_.drop(family, [&](const model::Labels& labels) { return !sinks.contains(labels); });
        std::erase_if(last_[family], [&](const auto& known) { return !sinks.contains(known.first); });
    }
    sinks_.clear();
    for (const auto& [labels, sink] : sinks) {
        count_on("processd_sink_lines", labels, sink.lines_written);
        count_on("processd_sink_dropped_lines", labels, sink.lines_dropped);
        sinks_.push_back({labels, sink.queued_bytes, sink.failing});
    }
}

// What is no longer declared and has ended is forgotten: names do not pile up.
void Metrics::drop_undeclared()
{
    auto names = parts_->manager().declared;
    for (const auto& service : services_) names.insert(service.name);
    store_.records().keep_tallies_of(names);
    std::erase_if(cpu_, [&](const auto& known) { return !names.contains(known.first); });
    const auto gone = [&](const model::Labels& labels) {
        const auto& service = labels.front().second;
        return !service.empty() && !names.contains(service);
    };
    for (const auto* family : {"processd_log_lines", "processd_log_limited_lines"}) {
        counters_.drop(family, gone);
        std::erase_if(last_[family], [&](const auto& known) { return gone(known.first); });
    }
}

std::string Metrics::shown_name(const std::string& name) const
{
    for (const auto& service : services_)
        if (service.name == name) return name;
    return {};
}

} // namespace processd::supervisor
