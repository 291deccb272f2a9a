// SPDX-License-Identifier: GPL-3.0-or-later
// The way to the keeper: what has to be looked up first, then the request.
#include "processd/loop/keeper_client.h"
#include "processd/supervisor/runs_impl.h"
#include "processd/supervisor/ulid.h"

#include <algorithm>
#include <cstdlib>
#include <unistd.h>

namespace processd::supervisor {

namespace run = model::run;

namespace {

constexpr base::Duration lookup_timeout = std::chrono::seconds{30};

} // namespace

Prepared own_identity()
{
    Prepared self;
    self.uid = ::geteuid();
    if (self.uid == 0) return self;
    self.gid = ::getegid();
    self.groups.resize(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
    (void)::getgroups(static_cast<int>(self.groups.size()), self.groups.data());
    self.user = std::to_string(self.uid);
    const char* const home = std::getenv("HOME");
    self.home = home != nullptr ? home : "/";
    return self;
}

LiveRun& Runs::Impl::add(Launch launch)
{
    if (launch.record.kind == model::RunKind::adhoc) ++adhoc_active;
    return table.add(std::move(launch));
}

void Runs::Impl::begin(LiveRun& live)
{
    if (const auto prepared =
            prepared_without_asking(live.record.process, live.launch.runtime_directory.has_value(), self))
        return spawn(live, *prepared);
    Launch lookup;
    lookup.record.id = make_ulid(base::wall_now());
    lookup.record.number = archive.next_number();
    lookup.record.kind = model::RunKind::lookup;
    lookup.record.name = live.record.name;
    lookup.record.parent = live.record.id;
    lookup.record.created = base::wall_now();
    lookup.record.timeout = lookup_timeout;
    lookup.record.process.command =
        prepare_command(prepare_program, live.record.process, live.launch.runtime_directory, self);
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
    spawn(asked, self);
    archive.save_beginning(asked);
}

void Runs::Impl::spawn(LiveRun& live, const Prepared& prepared)
{
    auto spec = spawn_spec(live.record.process, prepared, live.record.id, note_of(live.launch));
    spec.ready_by = live.launch.ready_by;
    spec.ready_fd = live.launch.ready_fd;
    if (live.launch.stdin_data) spec.stdin_kind = protocol::Stdin::data;
    const auto request =
        keeper.spawn(protocol::encode(spec), {}, live.launch.stdin_data ? &*live.launch.stdin_data : nullptr);
    if (!request) return fail_spawn(live, request.error().code.value(), "request");
    table.asked(live, *request);
    live.launch.stdin_data.reset(); // the child has got it
}

// A run that comes to nothing before the keeper was asked for it.
void Runs::Impl::fail_spawn(LiveRun& live, int errno_value, std::string stage)
{
    model::Outcome outcome;
    outcome.kind = model::OutcomeKind::spawn_failed;
    outcome.stage = std::move(stage);
    if (errno_value != 0) outcome.errno_value = errno_value;
    live.told_exit = true;
    feed(live, run::SpawnFailed{outcome, false}, base::now());
}

void Runs::Impl::lookup_ended(LiveRun& lookup)
{
    LiveRun* const waiting = table.with_id(lookup.record.parent.value_or(""));
    if (waiting == nullptr || waiting->lookup != lookup.record.id) return;
    auto& live = *waiting;
    live.lookup.clear();
    if (live.told_exit) return; // cancelled meanwhile
    std::string out;
    std::string complaint;
    if (lookup.capture)
        for (const auto& piece : lookup.capture->source.tail(1U << 20U, 0))
            (piece.stream == "stdout" ? out : complaint) += piece.data;
    if (lookup.record.outcome && lookup.record.outcome->success()) {
        if (const auto prepared = parse_prepared(out))
            return spawn(live, with_own_groups(*prepared, live.record.process, self));
    }
    while (!complaint.empty() && complaint.back() == '\n') complaint.pop_back();
    live.record.reason = complaint.empty() ? sentence("processd-prepare", *lookup.record.outcome) : complaint;
    fail_spawn(live, 0, "prepare"); // the reason says what no errno could
}

} // namespace processd::supervisor
