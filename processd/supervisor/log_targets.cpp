// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/log_targets.h"

#include "helpers/base/duration.h"
#include "helpers/base/log.h"

#include <algorithm>
#include <climits>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace processd::supervisor {
namespace {

using nlohmann::json;

constexpr std::size_t queue_bytes = 4U << 20U;
constexpr base::Duration last_patience = std::chrono::seconds{1}; // with all of them, at the end
constexpr base::Duration last_farewell = std::chrono::milliseconds{200};

std::string host_name()
{
    std::array<char, HOST_NAME_MAX + 1> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

std::size_t index_of(protocol::Stream stream) { return stream == protocol::Stream::err ? 1U : 0U; }

} // namespace

class LogTargets::Source : public std::enable_shared_from_this<Source> {
public:
    std::string service, run;
    std::shared_ptr<output::RateLimit> limit;
    const Route* route = nullptr;
    std::uint64_t generation = 0; // of the route

    struct Sent {
        TargetPtr target;
        std::uint64_t seq; // the newest line
    };
    std::vector<Sent> sent; // what may still be on its way
    void note(const TargetPtr& target, std::uint64_t seq)
    {
        const auto at = std::find_if(sent.begin(), sent.end(), [&](const Sent& s) { return s.target == target; });
        if (at == sent.end())
            sent.push_back({target, seq});
        else
            at->seq = seq;
    }

    std::array<std::uint64_t, 2> left_out{}; // lines, by stream, that no notice tells of yet
    std::uint64_t first_left_out = 0;        // seq
    base::Time notice_at{};
};

LogTargets::LogTargets(loop::Loop& loop, std::uint64_t epoch, std::function<void()> on_progress,
                       base::Duration patience)
    : epoch_(epoch),
      patience_(patience),
      on_progress_(std::move(on_progress)),
      wake_(loop,
            [this] {
                sweep();
                on_progress_();
            }),
      retire_timer_(loop, [this] { sweep(); }),
      notice_timer_(loop, [this] { tell_due(); })
{
}

LogTargets::~LogTargets()
{
    for (const auto& source : std::set<SourcePtr>(held_)) tell(*source);
    auto all = targets_;
    all.insert(all.end(), retired_.begin(), retired_.end());
    for (const auto& target : all) target->writer->retire();
    drain(last_patience);
    for (const auto& target : all) target->writer->leave(last_farewell);
    for (const auto& target : all) target->writer.reset();
}

void LogTargets::drain(base::Duration patience)
{
    for (const auto& source : std::set<SourcePtr>(held_)) tell(*source);
    const auto deadline = base::now() + patience;
    for (const auto* const targets : {&targets_, &retired_})
        for (const auto& target : *targets) target->writer->drain(std::max(deadline - base::now(), base::Duration{}));
}

// ---- sinks
// -----------------------------------------------------------------------------------------------------------

output::LineForm LogTargets::form_of(const model::SinkSpec& spec) const
{
    return {spec.format, host_name(), spec.facility, epoch_};
}

LogTargets::TargetPtr LogTargets::make(const PlannedSink& planned)
{
    auto sink = output::make_sink(planned.spec);
    if (!sink) {
        base::log::error("a sink for captured output cannot be set up", {{"reason", sink.error().message()}});
        return nullptr;
    }
    auto target = std::make_shared<Target>();
    target->planned = planned;
    target->writer = std::make_unique<output::SinkWriter>(
        *std::move(sink), queue_bytes, [this] { wake_.wake(); }, form_of(planned.spec));
    return target;
}

// Takes the one with this key out of a list.
LogTargets::TargetPtr LogTargets::known(const std::string& key, std::vector<TargetPtr>& among)
{
    const auto at = std::find_if(among.begin(), among.end(), [&](const auto& t) { return t->planned.key == key; });
    if (at == among.end()) return nullptr;
    auto target = *at;
    among.erase(at);
    return target;
}

void LogTargets::apply(const LogPlan& plan)
{
    for (const auto& source : std::set<SourcePtr>(held_)) tell(*source); // where their lines would have gone
    auto before = std::move(targets_);
    targets_.clear();
    std::vector<TargetPtr> planned; // by the plan's indices; null where it cannot be made
    for (const auto& sink : plan.sinks) {
        auto target = known(sink.key, before);
        if (!target) { // perhaps it was taken away a moment ago: a file must not have two that rotate it
            target = known(sink.key, retired_);
            if (target && !target->writer->revive()) target->writer.reset();
            if (target && !target->writer) target = nullptr;
        }
        if (!target) target = make(sink);
        if (target && target->planned.spec != sink.spec)
            if (auto other = output::make_sink(sink.spec))
                target->writer->replace(*std::move(other), form_of(sink.spec));
        if (target) target->planned = sink;
        if (target) targets_.push_back(target);
        planned.push_back(std::move(target));
    }
    for (const auto& target : before) retire(target);

    const auto resolved = [&](const LogRoute& route) {
        Route result;
        for (std::size_t stream = 0; stream < 2; ++stream)
            for (const auto i : route.sinks[stream])
                if (planned[i]) result.targets[stream].push_back(planned[i]);
        result.rate_lines = route.rate_lines;
        result.rate_period = route.rate_period;
        return result;
    };
    usual_ = resolved(plan.usual);
    services_.clear();
    for (const auto& [name, route] : plan.services) services_[name] = resolved(route);
    ++generation_;
}

void LogTargets::retire(const TargetPtr& target)
{
    target->give_up = base::now() + patience_;
    target->writer->retire();
    retired_.push_back(target);
    if (!retire_timer_.armed()) retire_timer_.at(target->give_up);
}

void LogTargets::sweep()
{
    std::erase_if(retired_, [](const TargetPtr& target) {
        const bool late = base::now() >= target->give_up;
        if (!late && !target->writer->gone()) return false;
        if (const auto lines = late ? target->writer->leave({}) : 0; lines > 0)
            base::log::warning("captured lines were dropped: their sink was taken away and could not be written",
                               {{"sink", target->writer->name()}, {"lines", lines}});
        target->writer.reset();
        return true;
    });
    if (retired_.empty())
        retire_timer_.cancel();
    else
        retire_timer_.at(retired_.front()->give_up);
}

void LogTargets::reopen()
{
    for (const auto& target : targets_) {
        target->writer->replace(nullptr, form_of(target->planned.spec)); // the host may have another name
        target->writer->reopen();
    }
}

// ---- lines
// -----------------------------------------------------------------------------------------------------------

LogTargets::SourcePtr LogTargets::source(const std::string& service, const std::string& run)
{
    auto source = std::make_shared<Source>();
    source->service = service;
    source->run = run;
    if (!service.empty()) source->limit = limits_[service];
    if (!source->limit) source->limit = std::make_shared<output::RateLimit>();
    if (!service.empty()) limits_[service] = source->limit;
    return source;
}

const LogTargets::Route& LogTargets::route_of(Source& source) const
{
    if (source.generation != generation_) {
        const auto own = services_.find(source.service);
        source.route = own == services_.end() ? &usual_ : &own->second;
        source.generation = generation_;
    }
    return *source.route;
}

void LogTargets::write(Source& source, const output::LogLine& line)
{
    newest_seq_ = line.seq;
    const auto& route = route_of(source);
    const auto& targets = route.targets[index_of(line.stream)];
    if (targets.empty()) return;
    if (route.rate_lines > 0 && !source.limit->admit(line.time, route.rate_lines, route.rate_period)) {
        ++limited_[source.service];
        ++source.left_out[index_of(line.stream)];
        if (!held_.insert(source.shared_from_this()).second) return;
        source.first_left_out = line.seq;
        source.notice_at = base::now() + route.rate_period;
        if (!notice_timer_.armed()) notice_timer_.at(source.notice_at);
        return;
    }
    if (source.first_left_out != 0) tell(source);
    for (const auto& target : targets) {
        target->writer->write(line);
        source.note(target, line.seq);
    }
}

void LogTargets::tell(Source& source)
{
    const auto self = source.shared_from_this();
    held_.erase(self);
    source.first_left_out = 0;
    const auto& route = route_of(source);
    const auto counts = std::exchange(source.left_out, {});
    // Where both streams go to one sink it gets one notice.
    std::vector<std::pair<TargetPtr, std::uint64_t>> notices;
    for (std::size_t stream = 0; stream < 2; ++stream)
        for (const auto& target : route.targets[stream]) {
            if (counts[stream] == 0) continue;
            const auto at =
                std::find_if(notices.begin(), notices.end(), [&](const auto& n) { return n.first == target; });
            if (at == notices.end())
                notices.emplace_back(target, counts[stream]);
            else
                at->second += counts[stream];
        }
    const auto period = std::chrono::duration_cast<std::chrono::milliseconds>(route.rate_period);
    for (const auto& [target, lines] : notices) {
        target->writer->tell({base::wall_now(), source.service, source.run, lines,
                              "more than " + std::to_string(route.rate_lines) + " in " + base::format_duration(period)},
                             newest_seq_);
        source.note(target, newest_seq_);
    }
}

void LogTargets::tell_due()
{
    const auto now = base::now();
    auto next = base::Time::max();
    for (const auto& source : std::set<SourcePtr>(held_)) {
        if (source->notice_at <= now)
            tell(*source);
        else
            next = std::min(next, source->notice_at);
    }
    if (next != base::Time::max()) notice_timer_.at(next);
}

void LogTargets::end(Source& source)
{
    if (source.first_left_out != 0) tell(source);
}

std::uint64_t LogTargets::written_seq(Source& source) const
{
    auto lowest = UINT64_MAX;
    std::erase_if(source.sent, [&](const Source::Sent& sent) {
        const auto written = sent.target->writer ? sent.target->writer->written_seq() : UINT64_MAX;
        if (written >= sent.seq) return true;
        lowest = std::min(lowest, written);
        return false;
    });
    return source.first_left_out != 0 ? std::min(lowest, source.first_left_out - 1) : lowest;
}

LogFigures LogTargets::figures() const
{
    LogFigures figures;
    for (const auto& target : targets_) {
        const auto status = target->writer->status();
        const auto& [key, service, spec] = target->planned;
        figures.sinks.push_back({service, spec.name.empty() ? target->writer->name() : spec.name, status.lines_written,
                                 status.lines_dropped, status.queued_bytes, !status.error.empty()});
    }
    figures.rate_limited = limited_;
    return figures;
}

json LogTargets::status() const
{
    json sinks = json::array();
    for (const auto& target : targets_) {
        const auto status = target->writer->status();
        const auto& [key, service, spec] = target->planned;
        sinks.push_back({{"name", spec.name.empty() ? json(nullptr) : json(spec.name)},
                         {"kind", model::name_of(spec.kind)},
                         {"format", model::name_of(spec.format)},
                         {"service", service.empty() ? json(nullptr) : json(service)},
                         {"to", target->writer->name()},
                         {"lines_written", status.lines_written},
                         {"lines_dropped", status.lines_dropped},
                         {"queued_bytes", status.queued_bytes},
                         {"error", status.error.empty() ? json(nullptr) : json(status.error)}});
    }
    json limited = json::array();
    for (const auto& [service, lines] : limited_)
        limited.push_back({{"service", service.empty() ? json(nullptr) : json(service)}, {"lines", lines}});
    return {{"sinks", sinks}, {"rate_limited", limited}};
}

} // namespace processd::supervisor
