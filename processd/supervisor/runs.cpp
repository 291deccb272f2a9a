// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/runs.h"

#include "processd/loop/keeper_client.h"
#include "processd/supervisor/runs_impl.h"
#include "processd/supervisor/ulid.h"

#include <algorithm>
#include <cstring>

namespace processd::supervisor {
namespace {

using base::Errc;
using base::fail;
using model::RunKind;
using model::RunRecord;
namespace run = model::run;

constexpr std::size_t max_reason = 1024; // several may ask for the same end; it has to fit into a cookie

std::string last_component(const std::string& path)
{
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

bool matches(const RunRecord& r, const store::Filter& f)
{
    return (!f.name || *f.name == r.name) && (!f.kind || *f.kind == r.kind) && (!f.state || *f.state == r.state) &&
           (!f.outcome || (r.outcome && r.outcome->kind == *f.outcome)) && (!f.since || r.created >= *f.since) &&
           (!f.min_duration || r.duration.value_or(base::wall_now() - r.created) >= *f.min_duration) &&
           (!f.parent || r.parent == f.parent);
}

} // namespace

Runs::Runs(loop::Loop& loop, loop::KeeperClient& keeper, store::Records& records, Journal& journal,
           std::string prepare_program)
    : impl_(new Impl{*this, loop, keeper, records, journal, std::move(prepare_program)})
{
    journal.on_progress = [this] {
        for (const auto& [number, live] : impl_->table.all())
            if (live->child != 0 && live->capture && !live->told_exit) impl_->journal.tell(*live->capture, live->child);
        impl_->archive.release_written();
    };
}
Runs::~Runs() = default;

void Runs::set_limits(const Limits& limits) { impl_->limits = limits; }

base::Result<StartedRun> Runs::start(RunRequest request)
{
    auto& m = *impl_;
    if (!request.id.empty()) {
        if (!is_id(request.id))
            return fail(Errc::bad_input,
                        "the id \"" + request.id.substr(0, 140) +
                            "\" must be a letter or digit and then at most 127 of A-Z a-z 0-9 . _ : -");
        std::optional<std::uint64_t> fingerprint;
        if (const LiveRun* const live = m.table.with_id(request.id))
            fingerprint = live->record.fingerprint;
        else if (const auto known = m.records.find(request.id))
            fingerprint = known->fingerprint;
        if (fingerprint && *fingerprint != request.fingerprint)
            return fail(Errc::already_exists,
                        "a run with id \"" + request.id + "\" exists and was asked for differently");
        if (fingerprint) return StartedRun{request.id, true};
    }
    if (request.kind == RunKind::adhoc && m.adhoc_active >= m.limits.max_adhoc)
        return fail(Errc::limit, std::to_string(m.adhoc_active) +
                                     " runs are under way, which is the limit ([limits] runs in processd.toml)");

    if (request.kind == RunKind::adhoc)
        if (auto room = m.archive.room(); !room) return tl::unexpected(room.error());

    Launch launch;
    auto& record = launch.record;
    record.created = base::wall_now();
    record.id = request.id.empty() ? make_ulid(record.created) : std::move(request.id);
    record.number = m.archive.next_number();
    record.kind = request.kind;
    record.name = request.name.empty() ? last_component(request.process.command.front()) : std::move(request.name);
    record.parent = std::move(request.parent);
    record.asked_by = std::move(request.asked_by);
    record.process = std::move(request.process);
    record.fingerprint = request.fingerprint;
    record.timeout = request.timeout;
    record.stop_timeout = request.stop_timeout;
    launch.stdin_data = std::move(request.stdin_data);
    launch.runtime_directory = std::move(request.runtime_directory);
    launch.ready_by = request.ready_by;
    launch.ready_fd = request.ready_fd;
    launch.ready_pattern = std::move(request.ready_pattern);

    const auto id = record.id;
    auto& live = m.add(std::move(launch));
    m.begin(live);
    // The keeper has it by now, or its lookup: the record only adds what must be known should the keeper die.
    if (LiveRun* const begun = m.table.with_id(id)) {
        on_change.tell(begun->record, Moment::created);
        if (m.table.with_id(id) == begun) m.archive.save_beginning(*begun);
    }
    return StartedRun{id, false};
}

base::Result<void> Runs::stop(std::string_view id, const run::StopWanted& how, std::string reason)
{
    auto& m = *impl_;
    LiveRun* const found = m.table.with_id(id);
    if (found == nullptr) {
        if (m.records.find(id)) return {};
        return fail(Errc::not_found, "there is no run \"" + std::string(id) + "\"");
    }
    auto& live = *found;
    if (live.record.state == model::RunState::ended) return {};
    auto& said = live.record.reason;
    if (reason.starts_with(said))
        said = std::move(reason);
    else if (said.find(reason) == std::string::npos && said.size() + reason.size() < max_reason)
        said += "; " + reason;
    if (live.request_id == 0 && live.child == 0) { // still being prepared
        const auto lookup = std::exchange(live.lookup, {});
        model::Outcome outcome;
        outcome.kind = how.why;
        live.told_exit = true;
        m.feed(live, run::SpawnFailed{outcome, false}, base::now());
        m.archive.flush(); // or another manager would go on with it
        if (!lookup.empty()) (void)stop(lookup, how, "the run it prepares was stopped");
        return {};
    }
    m.feed(live, how, base::now());
    if (live.child == 0) m.archive.save_stop(live); // there is no child yet whose cookie could say it
    return {};
}

base::Result<void> Runs::signal(std::string_view id, int signal, protocol::Scope scope)
{
    auto& m = *impl_;
    const LiveRun* const live = m.table.with_id(id);
    if (live == nullptr || live->child == 0 || live->told_exit)
        return fail(Errc::conflict, "nothing of run \"" + std::string(id) + "\" runs");
    m.keeper.signal(live->child, signal, scope);
    return {};
}

base::Result<RunRecord> Runs::get(std::string_view id) const
{
    LiveRun* const found = impl_->table.with_id(id);
    if (found == nullptr) return impl_->records.get(id);
    auto& live = *found;
    if (live.record.state != model::RunState::ended) {
        impl_->take_output(live);
        auto record = live.record;
        live.record.tail.clear();
        return record;
    }
    return live.record;
}

// The store knows the beginning of live runs; what they are by now is here. So what is live is matched here, and of the
// store's matches only the rest counts.
base::Result<store::Page> Runs::query(const store::Filter& filter, std::string_view after, std::size_t limit) const
{
    auto page = impl_->records.query(filter, after, limit);
    if (!page) return page;
    const auto& table = impl_->table;
    const auto drop_live = [&](std::vector<RunRecord>& runs) {
        std::erase_if(runs, [&](const RunRecord& r) { return table.numbered(r.number) != nullptr; });
    };
    auto& runs = page->runs;
    drop_live(runs);
    while (page->next && runs.size() < limit) {
        auto more = impl_->records.query(filter, *page->next, limit);
        if (!more) return more;
        drop_live(more->runs);
        runs.insert(runs.end(), more->runs.begin(), more->runs.end());
        page->next = std::move(more->next);
    }
    bool more = page->next.has_value();
    const auto before = after.empty() ? UINT64_MAX : std::stoull(std::string(after)); // the store has checked its form
    for (auto at = table.all().rbegin(); at != table.all().rend(); ++at) {
        const auto& record = at->second->record;
        if (at->first >= before || !matches(record, filter)) continue;
        const auto place = std::partition_point(runs.begin(), runs.end(),
                                                [&](const RunRecord& r) { return r.number > record.number; });
        const auto made = runs.insert(place, record);
        made->tail.clear();
    }
    if (runs.size() > limit) {
        runs.erase(runs.begin() + static_cast<std::ptrdiff_t>(limit), runs.end());
        more = true;
    }
    page->next = more ? std::optional(std::to_string(runs.back().number)) : std::nullopt;
    return page;
}

std::vector<RunRecord> Runs::live() const
{
    std::vector<RunRecord> runs;
    for (const auto& [number, live] : impl_->table.all())
        if (live->record.state != model::RunState::ended) runs.push_back(live->record);
    return runs;
}

std::size_t Runs::active() const
{
    std::size_t count = 0;
    for (const auto& [number, live] : impl_->table.all())
        count += live->record.state != model::RunState::ended ? 1U : 0U;
    return count;
}

std::map<model::RunKind, std::size_t> Runs::active_by_kind() const
{
    std::map<RunKind, std::size_t> counts;
    for (const auto& [number, live] : impl_->table.all())
        if (live->record.state != model::RunState::ended) ++counts[live->record.kind];
    return counts;
}

std::int32_t Runs::living_pid(std::string_view id) const
{
    const LiveRun* const live = impl_->table.with_id(id);
    return live != nullptr && live->told.phase == protocol::Phase::running ? live->told.pid : 0;
}

Runs::OutputCounts Runs::output_not_on_record() const
{
    OutputCounts sums;
    for (const auto& [number, live] : impl_->table.all()) {
        if (live->committed || !live->capture) continue;
        const auto counts =
            live->final ? std::array{live->record.out, live->record.err} : live->capture->source.counts();
        auto& sum = sums[model::counted_name(live->record.kind, live->record.name)];
        for (std::size_t i = live->capture->answers ? 1 : 0; i < 2; ++i) {
            sum[i].bytes += counts[i].bytes;
            sum[i].dropped += counts[i].dropped;
        }
    }
    return sums;
}

Notified Runs::notified(std::string_view id) const
{
    const LiveRun* const live = impl_->table.with_id(id);
    return live == nullptr ? Notified{} : notified_in(live->told);
}

std::string Runs::status_text(std::string_view id) const
{
    const LiveRun* const live = impl_->table.with_id(id);
    if (live == nullptr) return {};
    const auto& status = live->told.status;
    return {status.data(), ::strnlen(status.data(), status.size())};
}

base::Result<output::RingSource> Runs::open_output(std::string_view id, std::uint64_t offset) const
{
    const LiveRun* const live = impl_->table.with_id(id);
    if (live == nullptr || !live->capture)
        return fail(Errc::not_found, "the output of run \"" + std::string(id) + "\" is not live any more");
    output::Position from;
    from.offset = offset;
    return output::RingSource::open(live->ring.get(), from);
}

void Runs::told(const protocol::ChildState& state, std::string_view cookie, std::vector<base::UniqueFd> fds)
{
    auto& m = *impl_;
    LiveRun* live = m.table.of_child(state.id);
    if (live == nullptr) {
        if (LiveRun* const asked = m.table.of_request(state.request_id))
            m.bind(*asked, state, fds);
        else if ((state.flags & protocol::flag_has_fds) != 0 && !m.resumed)
            m.adopt(state, cookie, fds);
        live = m.table.of_child(state.id);
        if (live == nullptr) return; // forgotten by us; the keeper has not read the acknowledgement yet
    }
    live->told = state;
    if (m.resumed) m.update(*live);
}

void Runs::resume(std::uint64_t newest_line)
{
    auto& m = *impl_;
    m.lose_unknown();
    m.take_up_output(newest_line);
    m.resumed = true;
    std::vector<std::uint64_t> numbers;
    for (const auto& entry : m.table.all()) numbers.push_back(entry.first);
    for (const auto number : numbers) {
        LiveRun* const live = m.table.numbered(number);
        if (live == nullptr) continue;
        if (live->child != 0)
            m.go_on(*live);
        else if (live->request_id == 0 && (live->lookup.empty() || m.table.with_id(live->lookup) == nullptr))
            m.begin(*live); // its lookup has ended without a word, so nobody was asked for it
    }
}

void Runs::when_asked(std::function<void()> then) { impl_->keeper.when_sent(std::move(then)); }

bool Runs::flush() { return impl_->archive.flush(); }

void Runs::tell_consumed()
{
    for (const auto& [number, live] : impl_->table.all())
        if (live->child != 0 && live->capture) impl_->journal.tell(*live->capture, live->child);
    impl_->archive.release_written();
}
std::size_t Runs::waiting() const { return impl_->archive.waiting(); }

} // namespace processd::supervisor
