// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/runs.h"

#include "helpers/base/log.h"
#include "processd/loop/keeper_client.h"
#include "processd/supervisor/live_run.h"
#include "processd/supervisor/spawn_request.h"
#include "processd/supervisor/ulid.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <unistd.h>
#include <unordered_map>

namespace processd::supervisor {
namespace {

using base::Errc;
using base::fail;
using model::RunKind;
using model::RunRecord;
namespace run = model::run;

constexpr base::Duration lookup_timeout = std::chrono::seconds{30};
constexpr base::Duration late_output_patience = std::chrono::seconds{1}; // after the end, for the rest in the pipes
constexpr base::Duration storage_retry = std::chrono::seconds{1};

std::string last_component(const std::string& path)
{
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

base::Result<std::string> read_all(int fd)
{
    std::string bytes;
    std::array<char, 16384> buffer{};
    while (true) {
        const auto n = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(bytes.size()));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(errno, "read a spawn specification");
        if (n == 0) return bytes;
        bytes.append(buffer.data(), static_cast<std::size_t>(n));
    }
}

bool matches(const RunRecord& r, const store::Filter& f)
{
    return (!f.name || *f.name == r.name) && (!f.kind || *f.kind == r.kind) && (!f.state || *f.state == r.state) &&
           (!f.outcome || (r.outcome && r.outcome->kind == *f.outcome)) && (!f.since || r.created >= *f.since) &&
           (!f.min_duration || r.duration.value_or(base::wall_now() - r.created) >= *f.min_duration) &&
           (!f.parent || r.parent == f.parent);
}

} // namespace

struct Runs::Impl {
    Runs& owner;
    loop::Loop& loop;
    loop::KeeperClient& keeper;
    store::Records& records;
    Journal& journal;
    std::string prepare_program;
    Limits limits;

    std::map<std::uint64_t, std::unique_ptr<LiveRun>> by_number; // owns
    std::unordered_map<std::string, LiveRun*> by_id;
    std::unordered_map<protocol::ChildId, LiveRun*> by_child;
    std::unordered_map<std::uint64_t, LiveRun*> by_request;
    int adhoc_active = 0;
    bool resumed = false;
    bool storage_failing = false;
    loop::Timer flush_timer;

    Impl(Runs& o, loop::Loop& l, loop::KeeperClient& k, store::Records& r, Journal& j, std::string p)
        : owner(o), loop(l), keeper(k), records(r), journal(j), prepare_program(std::move(p)), flush_timer(l, [this] {
              flush();
          })
    {
        journal.on_progress = [this] {
            for (const auto& [child, live] : by_child)
                if (live->capture && !live->told_exit) journal.tell(*live->capture, child);
        };
    }

    // --- records -------------------------------------------------------------------------------------------------

    base::Result<void> save(const RunRecord& record)
    {
        auto put = records.put(record);
        if (!put) return put;
        if (records.group_full())
            flush();
        else if (!flush_timer.armed())
            flush_timer.at(base::now() + store::group_delay);
        return {};
    }

    bool flush()
    {
        flush_timer.cancel();
        // Final records that the store had no room for come first.
        for (auto& [number, live] : by_number)
            if (live->closed_told && !live->final_queued) live->final_queued = records.put(live->record).has_value();
        const auto flushed = records.flush(base::wall_now());
        if (flushed.error) {
            if (!std::exchange(storage_failing, true))
                base::log::error("run records cannot be written; they wait with the keeper until they can be",
                                 {{"reason", flushed.error->message()}});
            flush_timer.at(base::now() + storage_retry);
        } else if (std::exchange(storage_failing, false)) {
            base::log::info("run records can be written again");
        }
        auto committed = flushed.committed;
        std::sort(committed.begin(), committed.end()); // a lookup is forgotten before the run that it was for
        for (const auto number : committed) {
            const auto found = by_number.find(number);
            if (found != by_number.end() && found->second->final_queued) forget(*found->second);
        }
        return !flushed.error && records.pending() == 0;
    }

    void forget(LiveRun& live)
    {
        if (live.child != 0) keeper.ack(live.child);
        by_child.erase(live.child);
        by_request.erase(live.request_id);
        by_id.erase(live.record.id);
        by_number.erase(live.record.number);
    }

    // The store does not know the numbers of runs whose beginning an earlier manager had no time to put on record.
    std::uint64_t next_number()
    {
        auto number = records.next_number();
        while (by_number.contains(number)) number = records.next_number();
        return number;
    }

    // --- beginning -----------------------------------------------------------------------------------------------

    LiveRun& add(Launch launch)
    {
        auto live = std::make_unique<LiveRun>();
        live->record = launch.record;
        live->policy = policy_of(launch.record);
        live->launch = std::move(launch);
        auto& added = *live;
        by_id[added.record.id] = &added;
        by_number[added.record.number] = std::move(live);
        if (added.record.kind == RunKind::adhoc) ++adhoc_active;
        return added;
    }

    void begin(LiveRun& live)
    {
        if (const auto prepared =
                prepared_without_asking(live.record.process, live.launch.runtime_directory.has_value()))
            return spawn(live, *prepared);
        Launch lookup;
        lookup.record.id = make_ulid(base::wall_now());
        lookup.record.number = next_number();
        lookup.record.kind = RunKind::lookup;
        lookup.record.name = live.record.name;
        lookup.record.parent = live.record.id;
        lookup.record.created = base::wall_now();
        lookup.record.timeout = lookup_timeout;
        lookup.record.process.command =
            prepare_command(prepare_program, live.record.process, live.launch.runtime_directory);
        lookup.then = std::make_unique<Launch>();
        *lookup.then = Launch{live.launch.record,
                              live.launch.stdin_data,
                              live.launch.runtime_directory,
                              live.launch.ready_by,
                              live.launch.ready_fd,
                              live.launch.ready_pattern,
                              nullptr};
        live.lookup = lookup.record.id;
        auto& asked = add(std::move(lookup));
        spawn(asked, Prepared{});
        report_unsaved(save(asked.record), asked);
    }

    void spawn(LiveRun& live, const Prepared& prepared)
    {
        auto spec = spawn_spec(live.record.process, prepared, live.record.id, note_of(live.launch));
        spec.ready_by = live.launch.ready_by;
        spec.ready_fd = live.launch.ready_fd;
        if (live.launch.stdin_data) spec.stdin_kind = protocol::Stdin::data;
        const auto request =
            keeper.spawn(protocol::encode(spec), {}, live.launch.stdin_data ? &*live.launch.stdin_data : nullptr);
        if (!request) return fail_spawn(live, request.error().code.value(), "request");
        live.request_id = *request;
        by_request[*request] = &live;
        live.launch.stdin_data.reset(); // the child has got it
    }

    // A run that comes to nothing before the keeper was asked for it.
    void fail_spawn(LiveRun& live, int errno_value, std::string stage)
    {
        model::Outcome outcome;
        outcome.kind = model::OutcomeKind::spawn_failed;
        outcome.stage = std::move(stage);
        if (errno_value != 0) outcome.errno_value = errno_value;
        live.told_exit = true;
        feed(live, run::SpawnFailed{outcome, false}, base::now());
    }

    void lookup_ended(LiveRun& lookup)
    {
        const auto found = by_id.find(lookup.record.parent.value_or(""));
        if (found == by_id.end() || found->second->lookup != lookup.record.id) return;
        auto& live = *found->second;
        live.lookup.clear();
        if (live.told_exit) return; // cancelled meanwhile
        std::string out;
        std::string complaint;
        if (lookup.capture)
            for (const auto& piece : lookup.capture->source.tail(1U << 20U, 0))
                (piece.stream == "stdout" ? out : complaint) += piece.data;
        if (lookup.record.outcome && lookup.record.outcome->success()) {
            if (const auto prepared = parse_prepared(out)) return spawn(live, *prepared);
        }
        while (!complaint.empty() && complaint.back() == '\n') complaint.pop_back();
        live.record.reason = complaint.empty() ? "processd-prepare " + sentence(*lookup.record.outcome) : complaint;
        // Told as the stage that it stands for, with the exit code as errno where it is one.
        fail_spawn(live, lookup.record.outcome->code.value_or(0), "prepare");
    }

    // --- decisions -----------------------------------------------------------------------------------------------

    // The machine's state, not ended, as the record shows it.
    static void show_state(LiveRun& live)
    {
        const auto name = run::name_of(live.state);
        live.record.state = name == "starting"  ? model::RunState::starting
                            : name == "running" ? model::RunState::running
                                                : model::RunState::stopping;
    }

    void feed(LiveRun& live, const run::Input& input, base::Time now)
    {
        const auto before = run::name_of(live.state);
        auto step = run::step(live.policy, live.state, input, now);
        live.state = std::move(step.next);
        arm(live);
        const auto after = run::name_of(live.state);
        if (after != "ended") {
            show_state(live);
            if (before != after)
                owner.on_change.tell(live.record, after == "running" ? Moment::started : Moment::stopping);
        }
        const auto number = live.record.number;
        for (const auto& action : step.actions) {
            if (!by_number.contains(number)) return; // closed by what it told
            perform(live, action);
        }
    }

    void arm(LiveRun& live)
    {
        const auto deadline = run::deadline(live.state);
        if (!deadline) {
            if (live.timer) live.timer->cancel();
            return;
        }
        const auto number = live.record.number;
        live.timer = std::make_unique<loop::Timer>(loop, [this, number] {
            if (const auto found = by_number.find(number); found != by_number.end())
                feed(*found->second, run::Tick{}, base::now());
        });
        live.timer->at(*deadline);
    }

    void perform(LiveRun& live, const run::Action& action)
    {
        if (const auto* send = std::get_if<run::SendSignal>(&action)) {
            if (const auto* stopping = std::get_if<run::Stopping>(&live.state)) {
                if (live.record.reason.empty() && stopping->why == model::OutcomeKind::timed_out)
                    live.record.reason = "it outlived its timeout";
                keeper.cookie(live.child, cookie_of({stopping->why, stopping->kill_at, live.record.reason}));
            }
            keeper.signal(live.child, send->signal, send->tree ? protocol::Scope::tree : protocol::Scope::leader);
        } else if (std::holds_alternative<run::EmptyTree>(action)) {
            if (live.child != 0)
                keeper.empty(live.child);
            else
                live.empty_wanted = true;
        } else if (std::holds_alternative<run::TellEnd>(action)) {
            tell_end(live);
        } else {
            live.closing = true;
            close_if_drained(live);
        }
    }

    void tell_end(LiveRun& live)
    {
        auto& record = live.record;
        record.outcome = *run::outcome(live.state);
        record.state = model::RunState::ended;
        if (record.ended == base::WallTime{}) record.ended = base::wall_now();
        if (record.kind == RunKind::adhoc) --adhoc_active;
        take_output(live);
        if (record.kind == RunKind::lookup) lookup_ended(live);
        owner.on_change.tell(record, Moment::ended);
        owner.on_output.tell(record.id);
    }

    void take_output(LiveRun& live)
    {
        if (!live.capture) return;
        const auto counts = live.capture->source.counts();
        live.record.out = counts[0];
        live.record.err = counts[1];
        live.record.tail = live.capture->source.tail(limits.tail_bytes, live.told.exited_mono_ns);
        live.record.late =
            std::any_of(live.record.tail.begin(), live.record.tail.end(), [](const auto& p) { return p.late; });
    }

    // The tree is empty, so the pipes have no writer any more, unless one was passed out of the tree: wait for the rest
    // of the output, but not for ever.
    void close_if_drained(LiveRun& live)
    {
        if (!live.closing || live.closed_told) return;
        const bool drained = live.child == 0 || (live.told.flags & protocol::flag_eof) != 0 ||
                             live.told.phase == protocol::Phase::failed;
        if (drained) return close(live);
        const auto number = live.record.number;
        live.timer = std::make_unique<loop::Timer>(loop, [this, number] {
            if (const auto found = by_number.find(number); found != by_number.end()) close(*found->second);
        });
        live.timer->at(base::now() + late_output_patience);
    }

    void close(LiveRun& live)
    {
        if (std::exchange(live.closed_told, true)) return;
        if (live.timer) live.timer->cancel();
        if (live.capture) journal.finish(*live.capture);
        take_output(live);
        // What is decided because of this end must be on record before the keeper forgets the child: told before the
        // put.
        const auto record = live.record;
        owner.on_change.tell(record, Moment::closed);
        live.final_queued = records.put(record).has_value();
        if (!live.final_queued)
            flush_timer.at(base::now() + storage_retry);
        else if (records.group_full())
            flush(); // may forget this run
        else if (!flush_timer.armed())
            flush_timer.at(base::now() + store::group_delay);
    }

    void report_unsaved(const base::Result<void>& saved, const LiveRun& live) const
    {
        if (!saved)
            base::log::warning("a run's beginning could not be put on record; its end will be",
                               {{"run", live.record.id}, {"reason", saved.error().message()}});
    }

    // --- what the keeper says ------------------------------------------------------------------------------------

    void bind(LiveRun& live, const protocol::ChildState& state, std::vector<base::UniqueFd>& fds)
    {
        live.child = state.id;
        by_child[state.id] = &live;
        if (fds.empty()) return;
        output::Position from;
        from.offset = state.consumed;
        from.out = {state.consumed_counts[0], state.consumed_counts[1]};
        from.err = {state.consumed_counts[2], state.consumed_counts[3]};
        auto source = output::RingSource::open(fds[0].get(), from);
        if (!source) {
            base::log::error("a run's output cannot be read",
                             {{"run", live.record.id}, {"reason", source.error().message()}});
            return;
        }
        live.ring = std::move(fds[0]);
        const bool of_service = live.record.kind != RunKind::adhoc;
        live.capture.emplace(Capture{*std::move(source),
                                     {},
                                     output::Progress{from},
                                     from,
                                     from.offset,
                                     0,
                                     0,
                                     of_service ? live.record.name : "",
                                     live.record.kind == RunKind::lookup,
                                     live.record.id});
    }

    void adopt(const protocol::ChildState& state, std::string_view cookie, std::vector<base::UniqueFd>& fds)
    {
        const auto refuse = [&](const std::string& why) {
            base::log::error("a child of the keeper cannot be taken up; it is left alone",
                             {{"child", state.id}, {"pid", state.pid}, {"reason", why}});
        };
        if (fds.size() < 2) return refuse("its specification is missing");
        const auto bytes = read_all(fds[1].get());
        if (!bytes) return refuse(bytes.error().message());
        const auto spec = protocol::decode_spawn_spec(*bytes);
        if (!spec) return refuse(spec.error().message());
        auto launch = parse_note(spec->note);
        if (!launch) return refuse(launch.error().message());
        const bool over = state.phase == protocol::Phase::exited || state.phase == protocol::Phase::failed;
        if (const auto stored = records.get(launch->record.number);
            over && stored && stored->id == launch->record.id && stored->state == model::RunState::ended) {
            keeper.ack(state.id); // committed, but the acknowledgement was lost with the manager
            return;
        }
        const auto known = by_id.find(launch->record.id); // its lookup was told before, and made it
        auto& live = known != by_id.end() ? *known->second : add(*std::move(launch));
        live.lookup.clear();
        live.request_id = state.request_id;
        const auto stop = parse_cookie(cookie);
        live.state = resumed_state(live.record, state, stop);
        show_state(live);
        if (stop) live.record.reason = stop->reason;
        live.told = state;
        live.told_spawned = state.phase != protocol::Phase::starting;
        bind(live, state, fds);
        if (live.launch.then) adopt_target(live);
    }

    // A lookup is under way for a run that exists nowhere else yet.
    void adopt_target(LiveRun& lookup)
    {
        const auto& then = *lookup.launch.then;
        if (by_id.contains(then.record.id) || records.get(then.record.number)) return;
        Launch launch{then.record,        then.stdin_data, then.runtime_directory, then.ready_by, then.ready_fd,
                      then.ready_pattern, nullptr};
        add(std::move(launch)).lookup = lookup.record.id;
    }

    void update(LiveRun& live)
    {
        using protocol::Phase;
        const auto& state = live.told;
        const auto number = live.record.number;
        const auto gone = [&] { return !by_number.contains(number); };
        update_record(live.record, state);
        if (live.empty_wanted) {
            live.empty_wanted = false;
            keeper.empty(live.child);
        }
        if (!live.told_spawned && (state.phase == Phase::running || state.phase == Phase::exited)) {
            live.told_spawned = true;
            feed(live, run::Spawned{}, base::time_from_ns(state.started_mono_ns));
            if (gone()) return;
        }
        read_output(live);
        if (gone()) return;
        if ((state.flags & protocol::flag_ready) != 0 && !std::exchange(live.told_ready, true))
            owner.on_ready.tell(live.record.id);
        if (gone()) return;
        if (!live.told_exit && state.phase == Phase::failed) {
            live.told_exit = true;
            // One that is stuck has to be killed first, and may not let itself be.
            const bool survives =
                (state.flags & protocol::flag_stuck) != 0 && state.emptying != protocol::Emptying::done;
            feed(live, run::SpawnFailed{spawn_failure(state), survives}, base::now());
        } else if (!live.told_exit && state.phase == Phase::exited && (state.flags & protocol::flag_drained) != 0) {
            live.told_exit = true;
            const bool empty = live.record.proof.has_value();
            feed(live, run::Exited{state.wait_status, (state.flags & protocol::flag_oom) != 0, empty}, base::now());
        }
        if (gone()) return;
        if (state.emptying == protocol::Emptying::done && live.told_exit) feed(live, run::Emptied{}, base::now());
        if (gone()) return;
        if (state.emptying == protocol::Emptying::survivors) {
            feed(live, run::Survived{}, base::now());
            if (gone()) return;
            owner.on_change.tell(live.record, Moment::stopping);
        }
        if (!gone()) close_if_drained(live);
    }

    void read_output(LiveRun& live)
    {
        if (!live.capture) return;
        const auto id = live.record.id;
        const auto number = live.record.number;
        bool ready = false;
        const auto& pattern = live.launch.ready_pattern;
        const auto on_line =
            pattern.empty() || live.told_ready ? std::function<void(std::string_view)>{} : [&](std::string_view line) {
                ready |= line.find(pattern) != std::string_view::npos;
            };
        if (!journal.read(*live.capture, live.told.exited_mono_ns, on_line)) return;
        if (live.told.phase != protocol::Phase::exited && live.child != 0) journal.tell(*live.capture, live.child);
        owner.on_output.tell(id);
        if (ready && by_number.contains(number) && !std::exchange(live.told_ready, true)) owner.on_ready.tell(id);
    }
};

Runs::Runs(loop::Loop& loop, loop::KeeperClient& keeper, store::Records& records, Journal& journal,
           std::string prepare_program)
    : impl_(std::make_unique<Impl>(*this, loop, keeper, records, journal, std::move(prepare_program)))
{
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
        if (const auto live = m.by_id.find(request.id); live != m.by_id.end())
            fingerprint = live->second->record.fingerprint;
        else if (const auto known = m.records.find(request.id))
            fingerprint = known->fingerprint;
        if (fingerprint && *fingerprint != request.fingerprint)
            return fail(Errc::already_exists,
                        "a run with id \"" + request.id + "\" exists and was asked for differently");
        if (fingerprint) return StartedRun{request.id, true};
    }
    if (request.kind == RunKind::adhoc && m.adhoc_active >= m.limits.max_adhoc)
        return fail(Errc::limit, std::to_string(m.adhoc_active) + " runs are under way, which is the limit (max_runs)");

    Launch launch;
    auto& record = launch.record;
    record.created = base::wall_now();
    record.id = request.id.empty() ? make_ulid(record.created) : std::move(request.id);
    record.number = m.next_number();
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
    if (const auto found = m.by_id.find(id); found != m.by_id.end()) {
        m.report_unsaved(m.save(found->second->record), *found->second);
        on_change.tell(found->second->record, Moment::created);
    }
    return StartedRun{id, false};
}

base::Result<void> Runs::stop(std::string_view id, const run::StopWanted& how, std::string reason)
{
    auto& m = *impl_;
    const auto found = m.by_id.find(std::string(id));
    if (found == m.by_id.end()) {
        if (m.records.find(id)) return {};
        return fail(Errc::not_found, "there is no run \"" + std::string(id) + "\"");
    }
    auto& live = *found->second;
    if (live.record.state == model::RunState::ended) return {};
    if (live.record.reason.empty()) live.record.reason = std::move(reason);
    if (live.request_id == 0 && live.child == 0) { // still being prepared
        const auto lookup = std::exchange(live.lookup, {});
        model::Outcome outcome;
        outcome.kind = how.why;
        live.told_exit = true;
        m.feed(live, run::SpawnFailed{outcome, false}, base::now());
        if (!lookup.empty()) (void)stop(lookup, how, "the run it prepares was stopped");
        return {};
    }
    m.feed(live, how, base::now());
    return {};
}

base::Result<void> Runs::signal(std::string_view id, int signal, protocol::Scope scope)
{
    auto& m = *impl_;
    const auto found = m.by_id.find(std::string(id));
    if (found == m.by_id.end() || found->second->child == 0 || found->second->told_exit)
        return fail(Errc::conflict, "nothing of run \"" + std::string(id) + "\" runs");
    m.keeper.signal(found->second->child, signal, scope);
    return {};
}

base::Result<RunRecord> Runs::get(std::string_view id) const
{
    const auto found = impl_->by_id.find(std::string(id));
    if (found == impl_->by_id.end()) return impl_->records.get(id);
    auto& live = *found->second;
    if (live.record.state != model::RunState::ended) {
        impl_->take_output(live);
        auto record = live.record;
        live.record.tail.clear();
        return record;
    }
    return live.record;
}

base::Result<store::Page> Runs::query(const store::Filter& filter, std::string_view after, std::size_t limit) const
{
    // The store knows the beginning of live runs; what they are by now is here. A filter on what changes in a run's
    // life is therefore asked of both.
    auto page = impl_->records.query(filter, after, limit);
    if (!page) return page;
    auto& runs = page->runs;
    for (auto& record : runs)
        if (const auto live = impl_->by_number.find(record.number); live != impl_->by_number.end()) {
            record = live->second->record;
            record.tail.clear();
        }
    std::erase_if(runs, [&](const RunRecord& r) { return !matches(r, filter); });
    if (after.empty()) {
        for (const auto& [number, live] : impl_->by_number) {
            const bool there =
                std::any_of(runs.begin(), runs.end(), [n = number](const auto& r) { return r.number == n; });
            if (there || !matches(live->record, filter) || (page->next && !runs.empty() && number < runs.back().number))
                continue;
            runs.push_back(live->record);
            runs.back().tail.clear();
        }
        std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a.number > b.number; });
    }
    return page;
}

std::vector<RunRecord> Runs::live() const
{
    std::vector<RunRecord> runs;
    for (const auto& [number, live] : impl_->by_number)
        if (live->record.state != model::RunState::ended) runs.push_back(live->record);
    return runs;
}

std::size_t Runs::active() const
{
    std::size_t count = 0;
    for (const auto& [number, live] : impl_->by_number) count += live->record.state != model::RunState::ended ? 1U : 0U;
    return count;
}

std::string Runs::status_text(std::string_view id) const
{
    const auto found = impl_->by_id.find(std::string(id));
    if (found == impl_->by_id.end()) return {};
    const auto& status = found->second->told.status;
    return {status.data(), ::strnlen(status.data(), status.size())};
}

base::Result<output::RingSource> Runs::open_output(std::string_view id, std::uint64_t offset) const
{
    const auto found = impl_->by_id.find(std::string(id));
    if (found == impl_->by_id.end() || !found->second->capture)
        return fail(Errc::not_found, "the output of run \"" + std::string(id) + "\" is not live any more");
    output::Position from;
    from.offset = offset;
    return output::RingSource::open(found->second->ring.get(), from);
}

void Runs::told(const protocol::ChildState& state, std::string_view cookie, std::vector<base::UniqueFd> fds)
{
    auto& m = *impl_;
    auto found = m.by_child.find(state.id);
    if (found == m.by_child.end()) {
        const auto asked = m.by_request.find(state.request_id);
        if (asked != m.by_request.end()) {
            m.bind(*asked->second, state, fds);
        } else if ((state.flags & protocol::flag_has_fds) != 0 && !m.resumed) {
            m.adopt(state, cookie, fds);
        } else {
            return; // forgotten by us; the keeper has not read the acknowledgement yet
        }
        found = m.by_child.find(state.id);
        if (found == m.by_child.end()) return;
    }
    found->second->told = state;
    if (m.resumed) m.update(*found->second);
}

void Runs::resume()
{
    auto& m = *impl_;
    auto open = m.records.open_records();
    std::size_t lost = 0;
    if (open)
        for (auto& record : *open) {
            if (m.by_number.contains(record.number)) continue;
            record.state = model::RunState::ended;
            record.outcome.emplace().kind = model::OutcomeKind::lost;
            record.ended = base::wall_now();
            record.reason = "the keeper ended before it did, so nobody saw how it ended";
            (void)m.save(record);
            ++lost;
        }
    if (lost > 0) base::log::warning("runs of an earlier keeper are lost", {{"runs", lost}});
    m.resumed = true;
    std::vector<std::uint64_t> numbers;
    for (const auto& entry : m.by_number) numbers.push_back(entry.first);
    for (const auto number : numbers) {
        const auto found = m.by_number.find(number);
        if (found == m.by_number.end()) continue;
        auto& live = *found->second;
        m.report_unsaved(m.save(live.record), live);
        m.arm(live);
        if (live.child != 0)
            m.update(live);
        else if (live.lookup.empty() || !m.by_id.contains(live.lookup))
            m.begin(live);
    }
}

bool Runs::flush() { return impl_->flush(); }

} // namespace processd::supervisor
