// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/log_store.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>

namespace processd::output {
namespace {

constexpr std::size_t block_size = 64 * 1024;
constexpr std::array<std::string_view, 3> reason_names{"expired", "restarted", "slow_reader"};

struct LineHeader {
    std::int64_t time_ns;
    std::uint32_t size;
    std::uint16_t source;
    std::uint8_t stream;
    std::uint8_t flags;
};
constexpr std::uint8_t flag_partial = 1, flag_late = 2;

struct SourceName {
    std::string service, run;
    std::int32_t pid;
};

} // namespace

// Lines lie one after the other, LineHeader and data. Whose they are is named once for the block, so that a block goes
// with all that belongs to it.
struct LogStore::Block {
    explicit Block(std::size_t size, std::uint64_t seq, std::uint64_t position)
        : memory(std::make_unique<char[]>(size)), capacity(size), first(seq), start(position)
    {
    }

    std::uint16_t source(const LogLine& line)
    {
        for (auto i = sources.size(); i-- > 0;)
            if (sources[i].run == line.run && sources[i].service == line.service && sources[i].pid == line.pid)
                return static_cast<std::uint16_t>(i);
        sources.push_back({line.service, line.run, line.pid});
        return static_cast<std::uint16_t>(sources.size() - 1);
    }
    LineHeader header(std::size_t at) const
    {
        LineHeader found;
        std::memcpy(&found, memory.get() + at, sizeof found);
        return found;
    }
    bool matches(const LogFilter& filter, std::size_t at, const LineHeader& h) const
    {
        return filter.matches_source(sources[h.source].service, sources[h.source].run) &&
               filter.matches(base::wall_from_ns(h.time_ns), {memory.get() + at + sizeof h, h.size});
    }
    static std::size_t behind(std::size_t at, const LineHeader& header) { return at + sizeof header + header.size; }
    std::size_t place(std::uint64_t seq) const // of the line seq
    {
        std::size_t at = 0;
        for (auto i = first; i < seq; ++i) at = behind(at, header(at));
        return at;
    }
    LogLine line(std::size_t at, std::uint64_t seq, const LineHeader& h) const
    {
        const auto& name = sources[h.source];
        return {seq,
                base::wall_from_ns(h.time_ns),
                name.service,
                name.run,
                static_cast<Stream>(h.stream),
                std::string(memory.get() + at + sizeof h, h.size),
                (h.flags & flag_partial) != 0,
                (h.flags & flag_late) != 0,
                name.pid};
    }

    std::unique_ptr<char[]> memory;
    std::size_t capacity, used = 0;
    std::uint64_t first;     // seq of its first line
    std::uint64_t count = 0; // of lines
    std::uint64_t start;     // bytes appended to the store before this block
    std::vector<SourceName> sources;
};

std::string_view name_of(GapReason reason) { return reason_names[static_cast<std::size_t>(reason)]; }

nlohmann::json to_json(const Gap& gap)
{
    return {{"type", "gap"},
            {"from", format_token(gap.from)},
            {"to", format_token(gap.to)},
            {"reason", name_of(gap.reason)}};
}

LogStore::LogStore(std::uint64_t epoch, std::uint64_t first_seq, std::size_t max_bytes)
    : epoch_(epoch), first_seq_(first_seq), last_seq_(first_seq), taken_up_(first_seq), max_bytes_(max_bytes)
{
}
LogStore::~LogStore() = default;

LogStore::Block& LogStore::block_for(std::size_t needed)
{
    // The number of a source has 16 bits; a block this full of different runs is closed early.
    if (blocks_.empty() || blocks_.back()->capacity - blocks_.back()->used < needed ||
        blocks_.back()->sources.size() >= 1024) {
        const auto size = std::max(block_size, needed);
        blocks_.push_back(std::make_unique<Block>(size, last_seq_ + 1, appended_));
        bytes_ += size;
    }
    return *blocks_.back();
}

void LogStore::append(LogLine& line)
{
    const auto needed = sizeof(LineHeader) + line.data.size();
    auto& block = block_for(needed);
    line.seq = ++last_seq_;
    const LineHeader header{base::to_ns(line.time), static_cast<std::uint32_t>(line.data.size()), block.source(line),
                            static_cast<std::uint8_t>(line.stream),
                            static_cast<std::uint8_t>((line.partial ? flag_partial : 0) | (line.late ? flag_late : 0))};
    std::memcpy(block.memory.get() + block.used, &header, sizeof header);
    std::memcpy(block.memory.get() + block.used + sizeof header, line.data.data(), line.data.size());
    block.used += needed;
    ++block.count;
    appended_ += needed;
    if (bytes_ > max_bytes_) trim();
}

void LogStore::trim()
{
    while (blocks_.size() > 1 && bytes_ > max_bytes_) {
        bytes_ -= blocks_.front()->capacity;
        blocks_.pop_front();
    }
}

void LogStore::set_max_bytes(std::size_t max_bytes)
{
    max_bytes_ = max_bytes;
    trim();
}

void LogStore::taken_up(std::uint64_t former_newest)
{
    taken_up_ = last_seq_;
    former_newest_ = former_newest;
}

std::uint64_t LogStore::oldest() const { return blocks_.empty() ? last_seq_ + 1 : blocks_.front()->first; }

Follower LogStore::follow(LogFilter filter, const std::optional<Token>& after, std::size_t limit) const
{
    Follower follower;
    follower.filter = std::move(filter);
    const auto before_oldest = oldest() - 1;
    if (!after) {
        follower.last = limit == all_lines ? before_oldest : last_seq_;
        if (limit == all_lines) return follower;
        follower.seeking = limit;
        follower.seek_below = last_seq_ + 1;
        return follower;
    }
    follower.last = after->seq;
    if (after->epoch == epoch_ && after->seq < first_seq_) { // an earlier manager's line
        follower.last = taken_up_;
        if (after->seq < former_newest_) follower.gap = Gap{*after, {epoch_, taken_up_}, GapReason::restarted};
    } else if (after->epoch != epoch_ || after->seq > last_seq_) {
        // Another keeper's line, or one that never was: all that we have is news.
        follower.last = before_oldest;
        follower.gap = Gap{*after, {epoch_, before_oldest}, GapReason::restarted};
    }
    return follower;
}

// Goes back, block by block, to the position that leaves as many matching lines as are wanted, or all there are.
bool LogStore::seek(Follower& follower, std::size_t max_scan) const
{
    auto block = std::upper_bound(blocks_.begin(), blocks_.end(), follower.seek_below - 1,
                                  [](std::uint64_t seq, const auto& b) { return seq < b->first; });
    std::size_t scanned = 0;
    while (block != blocks_.begin()) {
        const auto& b = **--block;
        if (scanned >= max_scan) return false;
        scanned += b.used;
        std::vector<std::uint64_t> matching;
        std::size_t at = 0;
        for (std::uint64_t i = 0; i < b.count && b.first + i < follower.seek_below; ++i) {
            const auto header = b.header(at);
            if (b.matches(follower.filter, at, header)) matching.push_back(b.first + i);
            at = Block::behind(at, header);
        }
        follower.seek_below = b.first;
        if (matching.size() >= follower.seeking) {
            follower.last = matching[matching.size() - follower.seeking] - 1;
            follower.seeking = 0;
            return true;
        }
        follower.seeking -= matching.size();
    }
    follower.last = oldest() - 1;
    follower.seeking = 0;
    return true;
}

bool LogStore::knows(const LogFilter& filter) const
{
    return std::any_of(blocks_.begin(), blocks_.end(), [&](const auto& block) {
        return std::any_of(block->sources.begin(), block->sources.end(),
                           [&](const SourceName& name) { return filter.matches_source(name.service, name.run); });
    });
}

// Of matching lines only: whoever follows a quiet service is not slow because another one is loud.
std::size_t LogStore::bytes_behind(const Follower& follower, Blocks::const_iterator block) const
{
    std::size_t bytes = 0;
    for (; block != blocks_.end(); ++block) {
        std::size_t at = 0;
        for (std::uint64_t i = 0; i < (*block)->count; ++i) {
            const auto header = (*block)->header(at);
            const auto& name = (*block)->sources[header.source];
            if ((*block)->first + i > follower.last && follower.filter.matches_source(name.service, name.run))
                bytes += header.size + 1;
            at = Block::behind(at, header);
        }
    }
    return bytes;
}

LogRead LogStore::read(Follower& follower, std::size_t max_lines, std::size_t max_bytes, std::size_t max_backlog,
                       std::size_t max_scan) const
{
    LogRead result;
    if (follower.seeking > 0 && !seek(follower, max_scan)) {
        result.more = true;
        return result;
    }
    result.gap = std::exchange(follower.gap, std::nullopt);
    const auto skip_to = [&](std::uint64_t last, GapReason reason) {
        if (!result.gap) result.gap = Gap{{epoch_, follower.last}, {}, reason};
        result.gap->to = {epoch_, last};
        follower.last = last;
    };
    if (follower.last + 1 < oldest())
        skip_to(oldest() - 1, follower.caught_up ? GapReason::slow_reader : GapReason::expired);

    auto block = std::upper_bound(blocks_.begin(), blocks_.end(), follower.last + 1,
                                  [](std::uint64_t seq, const auto& b) { return seq < b->first; });
    if (block != blocks_.begin()) --block;
    if (follower.caught_up && follower.last < last_seq_) {
        const auto position = (*block)->start + (*block)->place(follower.last + 1);
        if (appended_ - position > max_backlog && bytes_behind(follower, block) > max_backlog)
            skip_to(last_seq_, GapReason::slow_reader);
    }
    std::size_t bytes = 0, scanned = 0;
    for (; block != blocks_.end() && follower.last < follower.end; ++block) {
        const auto& b = **block;
        if (follower.last + 1 >= b.first + b.count) continue;
        auto at = b.place(follower.last + 1);
        while (follower.last + 1 < b.first + b.count && follower.last < follower.end) {
            const auto header = b.header(at);
            if (scanned >= max_scan) {
                result.more = true;
                return result;
            }
            scanned += sizeof header + header.size;
            if (b.matches(follower.filter, at, header)) {
                if (result.lines.size() >= max_lines || (bytes > 0 && bytes + header.size > max_bytes)) {
                    result.more = true;
                    return result;
                }
                bytes += header.size + 1;
                result.lines.push_back(b.line(at, follower.last + 1, header));
            }
            ++follower.last;
            at = Block::behind(at, header);
        }
    }
    follower.caught_up = true;
    return result;
}

} // namespace processd::output
