// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/run_source.h"

#include "processd/api/problem.h"
#include "processd/output/log_line.h"
#include "processd/output/log_store.h"

#include <nlohmann/json.hpp>

namespace processd::api {
namespace {

using nlohmann::json;
using supervisor::Moment;

std::size_t index_of(protocol::Stream stream) { return stream == protocol::Stream::err ? 1U : 0U; }
constexpr std::array<std::string_view, 2> stream_names{"stdout", "stderr"};

} // namespace

RunSource::RunSource(Context& context, Wanted wanted)
    : context_(context), wanted_(std::move(wanted)), epoch_(context.supervisor.logs().epoch())
{
    auto& runs = context_.supervisor.runs();
    if (const auto record = runs.get(wanted_.id); record && record->state == model::RunState::ended)
        ended_ = record->ended;
    open_ring();
    output_ = runs.on_output.subscribe([this](const std::string& id) {
        if (id != wanted_.id) return;
        open_ring(); // now: a quick run may be closed before the turn ends
        wake();
    });
    change_ = runs.on_change.subscribe([this](const model::RunRecord& record, Moment moment) {
        if (record.id != wanted_.id) return;
        open_ring();
        if (moment != Moment::ended && moment != Moment::closed) return;
        ended_ = record.ended;
        wake();
    });
}

void RunSource::open_ring()
{
    if (ring_ || placed_) return;
    if (auto ring = context_.supervisor.runs().open_output(wanted_.id, 0)) ring_.emplace(*std::move(ring));
}

Source::Next RunSource::pull(std::string& out, std::size_t room)
{
    if (!std::exchange(begun_, true) && wanted_.follow) tell_run(wanted_.after ? wanted_.after->seq : 0, out);
    const bool over = ended_.has_value(); // asked before reading, so that nothing of the output comes behind the end
    if (ring_) {
        if (read_ring(out, room)) return Next::more;
    } else if (over && !placed_) {
        read_tail(out);
    }
    if (wanted_.follow && !over) return Next::later;
    if (wanted_.follow) tell_run(total(), out);
    return Next::end;
}

// Where the stream begins: at the oldest bytes kept, or behind the token.
void RunSource::start_at(const Counts& oldest, std::string& out)
{
    placed_ = true;
    passed_ = oldest;
    if (wanted_.after) {
        if (wanted_.after->seq < total()) tell_gap(wanted_.after->seq, total(), "expired", std::nullopt, out);
        return;
    }
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < oldest.size(); ++i) {
        if (oldest[i] == 0) continue;
        tell_gap(before, before + oldest[i], "expired", i, out);
        before += oldest[i];
    }
}

bool RunSource::read_ring(std::string& out, std::size_t room)
{
    output::Piece piece;
    if (!placed_) {
        // What each stream's oldest bytes are is known once a chunk of it was seen; most often it is the beginning.
        auto look = context_.supervisor.runs().open_output(wanted_.id, 0);
        std::array<std::optional<std::uint64_t>, 2> first;
        bool whole = false;
        const auto end = look ? look->head() : 0;
        while (look && !whole && (!first[0] || !first[1]) && look->position().offset < end && look->next(piece)) {
            whole = piece.chunk.offset == 0;
            auto& found = first[index_of(piece.chunk.stream)];
            if (!found) found = piece.chunk.stream_offset;
        }
        Counts oldest{};
        if (look && !whole) {
            const auto counts = look->counts();
            oldest = {first[0].value_or(counts[0].bytes), first[1].value_or(counts[1].bytes)};
        }
        start_at(oldest, out);
    }
    while (out.size() < room) {
        if (!ring_->next(piece)) return false;
        const auto stream = index_of(piece.chunk.stream);
        const auto offset = piece.chunk.stream_offset;
        if (offset > passed_[stream]) {
            const auto missed = offset - passed_[stream];
            tell_gap(total(), total() + missed, "slow_reader", stream, out);
            passed_[stream] = offset;
        }
        const auto time = base::wall_from_ns(piece.chunk.wall_ns);
        tell_bytes({stream, offset, time, std::move(piece.chunk.data), ended_ && time > *ended_}, out);
    }
    return true;
}

void RunSource::read_tail(std::string& out)
{
    const auto record = context_.supervisor.runs().get(wanted_.id);
    if (!record) return; // retention took it meanwhile
    Counts oldest{record->out.bytes, record->err.bytes};
    const auto stream_of = [](const model::OutputPiece& piece) { return piece.stream == stream_names[1] ? 1U : 0U; };
    for (const auto& piece : record->tail) {
        auto& count = oldest[stream_of(piece)];
        count -= std::min<std::uint64_t>(count, piece.data.size());
    }
    start_at(oldest, out);
    for (const auto& piece : record->tail) {
        const auto stream = stream_of(piece);
        tell_bytes({stream, passed_[stream], piece.time, piece.data, piece.late}, out);
    }
}

void RunSource::tell_bytes(Bytes bytes, std::string& out)
{
    const auto before = total();
    passed_[bytes.stream] = bytes.offset + bytes.data.size();
    if (wanted_.after && total() <= wanted_.after->seq) return;
    if (wanted_.after && before < wanted_.after->seq) {
        const auto known = static_cast<std::size_t>(wanted_.after->seq - before);
        bytes.data.erase(0, known);
        bytes.offset += known;
    }
    json line{{"type", "output"},
              {"seq", token(total())},
              {"time", model::json_time(bytes.time)},
              {"stream", stream_names[bytes.stream]},
              {"offset", bytes.offset},
              {"late", bytes.late}};
    model::put_bytes(line, bytes.data);
    out += dump(line) + '\n';
}

void RunSource::tell_gap(std::uint64_t from, std::uint64_t to, const char* reason, std::optional<std::size_t> stream,
                         std::string& out) const
{
    out += dump({{"type", "gap"},
                 {"from", token(from)},
                 {"to", token(to)},
                 {"reason", reason},
                 {"run", wanted_.id},
                 {"stream", stream ? json(stream_names[*stream]) : json(nullptr)},
                 {"bytes", to - from}});
    out += '\n';
}

void RunSource::tell_run(std::uint64_t seq, std::string& out) const
{
    const auto record = context_.supervisor.runs().get(wanted_.id);
    if (!record) return;
    out +=
        dump({{"type", "run"}, {"seq", token(seq)}, {"run", model::shown(*record, false, wanted_.with_environment)}});
    out += '\n';
}

std::string RunSource::token(std::uint64_t seq) const { return output::format_token({epoch_, seq}); }

} // namespace processd::api
