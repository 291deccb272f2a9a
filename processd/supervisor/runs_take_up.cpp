// SPDX-License-Identifier: GPL-3.0-or-later
// What exists when this manager begins: children that an earlier one asked the keeper for, and open records.
#include "helpers/base/log.h"
#include "processd/loop/keeper_client.h"
#include "processd/supervisor/journal.h"
#include "processd/supervisor/runs_impl.h"

#include <array>
#include <unistd.h>

namespace processd::supervisor {
namespace {

using base::fail;
using model::RunKind;

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

} // namespace

void Runs::Impl::bind(LiveRun& live, const protocol::ChildState& state, std::vector<base::UniqueFd>& fds)
{
    table.bind(live, state.id);
    if (fds.size() < 2) return; // it came to nothing before it had a ring
    if (state.ring_head == 0 && (state.flags & protocol::flag_eof) != 0) return; // it said nothing, and will not
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
                                 live.record.id,
                                 state.pid,
                                 nullptr,
                                 journal.lines_of(model::counted_name(live.record.kind, live.record.name))});
}

void Runs::Impl::adopt(const protocol::ChildState& state, std::string_view cookie, std::vector<base::UniqueFd>& fds)
{
    const auto refuse = [&](const std::string& why) {
        base::log::error("a child of the keeper cannot be taken up; it is left alone",
                         {{"child", state.id}, {"pid", state.pid}, {"reason", why}});
    };
    if (fds.empty()) return refuse("its specification is missing");
    const auto bytes = read_all(fds.back().get());
    if (!bytes) return refuse(bytes.error().message());
    const auto spec = protocol::decode_spawn_spec(*bytes);
    if (!spec) return refuse(spec.error().message());
    auto launch = parse_note(spec->note);
    if (!launch) return refuse(launch.error().message());
    const bool over = state.phase == protocol::Phase::exited || state.phase == protocol::Phase::failed;
    auto stored = records.get(launch->record.number);
    const bool recorded = stored && stored->id == launch->record.id;
    if (over && recorded && stored->state == model::RunState::ended) {
        // Committed, but the acknowledgement was lost with the manager, and so may be lines that sinks had not written.
        auto& live = table.add(*std::move(launch));
        live.record = *std::move(stored);
        live.state = model::run::Ended{live.record.outcome.value_or(model::Outcome{})};
        live.told_spawned = live.told_exit = live.told_ready = live.closing = live.closed_told = true;
        live.final = live.final_queued = live.committed = true;
        return bind(live, state, fds);
    }
    LiveRun* const known = table.with_id(launch->record.id); // its lookup was told before, and made it
    auto& live = known != nullptr ? *known : add(*std::move(launch));
    live.lookup.clear();
    live.request_id = state.request_id;
    auto stop = parse_cookie(cookie);
    // A stop that was wanted before the child had an id is on record instead.
    if (!stop && recorded && stored->state == model::RunState::stopping)
        stop = StopMark{model::OutcomeKind::cancelled, base::now(), stored->reason};
    live.state = resumed_state(live.record, state, stop);
    show_state(live);
    if (stop) live.record.reason = stop->reason;
    live.told = state;
    live.told_spawned = state.phase != protocol::Phase::starting;
    bind(live, state, fds);
    if (live.launch.then) adopt_target(live);
}

// From where the manager before stood: who listens is told what it may have had no time to tell.
void Runs::Impl::go_on(LiveRun& live)
{
    const auto number = live.record.number;
    if (live.committed) {
        if (live.capture) {
            (void)journal.read(*live.capture, live.told.exited_mono_ns, {});
            journal.finish(*live.capture);
        }
        return archive.release(live);
    }
    archive.save_beginning(live);
    arm(live);
    if (live.told_spawned && live.told.phase != protocol::Phase::failed)
        owner.on_change.tell(live.record, Moment::started);
    if (table.numbered(number) != nullptr) update(live);
}

// A lookup is under way for a run that the keeper has not heard of yet.
void Runs::Impl::adopt_target(LiveRun& lookup)
{
    const auto& then = *lookup.launch.then;
    if (table.with_id(then.record.id) != nullptr) return;
    if (const auto stored = records.get(then.record.number); stored && stored->state == model::RunState::ended) return;
    Launch launch{then.record,        then.stdin_data, then.runtime_directory, then.ready_by, then.ready_fd,
                  then.ready_pattern, nullptr};
    add(std::move(launch)).lookup = lookup.record.id;
}

// The log goes on where the manager before left off. A line that made its run ready counts again: nobody knows whether
// that was still taken note of.
void Runs::Impl::take_up_output(std::uint64_t newest_line)
{
    std::vector<HeldOutput> held;
    std::vector<std::uint64_t> ready;
    for (const auto& [number, live] : table.all()) {
        if (!live->capture) continue;
        auto past = output::RingSource::open(live->ring.get());
        if (!past) continue; // as unlikely as that bind() failed, and told there
        std::function<void(std::string_view)> on_line;
        if (const auto& pattern = live->launch.ready_pattern; !pattern.empty())
            on_line = [&ready, &pattern, n = number](std::string_view line) {
                if (line.find(pattern) != std::string_view::npos) ready.push_back(n);
            };
        held.push_back(
            {&*live->capture, *std::move(past), live->told.seen, live->told.exited_mono_ns, std::move(on_line)});
    }
    journal.take_up(std::move(held), newest_line);
    for (const auto& [number, live] : table.all())
        if (live->capture) journal.tell(*live->capture, live->child);
    for (const auto number : ready) table.numbered(number)->ready_line = true;
}

// What the store has as open and the keeper does not know ended with an earlier keeper.
void Runs::Impl::lose_unknown()
{
    auto open = records.open_records();
    if (!open) {
        base::log::error("runs of an earlier keeper cannot be read", {{"reason", open.error().message()}});
        return;
    }
    std::size_t lost = 0;
    for (auto& record : *open) {
        if (table.numbered(record.number) != nullptr) continue;
        record.state = model::RunState::ended;
        record.outcome.emplace().kind = model::OutcomeKind::lost;
        record.ended = base::wall_now();
        record.reason = "the keeper ended before it did, so nobody saw how it ended";
        (void)archive.save(record);
        ++lost;
        owner.on_change.tell(record, Moment::closed); // a service of this keeper life may wait for it
    }
    if (lost > 0) base::log::warning("runs of an earlier keeper are lost", {{"runs", lost}});
}

} // namespace processd::supervisor
