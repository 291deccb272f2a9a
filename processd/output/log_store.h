// SPDX-License-Identifier: GPL-3.0-or-later
// processd/output/log_store.h: the newest captured lines of all runs, in memory, bounded by bytes (allocated as
// needed). Readers pull: a Follower is a position with a filter, owned by whoever reads. What fell out of the window
// before it was read is reported as a Gap, so a slow reader costs nothing and notices what it missed.
#pragma once

#include "processd/output/line_pattern.h"
#include "processd/output/log_line.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace processd::output {

struct LogFilter {                       // all that are set must match
    std::vector<std::string> services{}; // one of these; empty: any
    std::optional<std::string> run{};
    std::optional<base::WallTime> since{}, until{}; // both inclusive
    std::shared_ptr<const LinePattern> pattern{};
    [[nodiscard]] bool matches_source(std::string_view line_service, std::string_view line_run) const
    {
        return (services.empty() || std::find(services.begin(), services.end(), line_service) != services.end()) &&
               (!run || *run == line_run);
    }
    [[nodiscard]] bool matches(base::WallTime time, std::string_view data) const
    {
        return (!since || time >= *since) && (!until || time <= *until) && (!pattern || pattern->found_in(data));
    }
};

enum class GapReason {
    expired,     // older than the window
    restarted,   // of an earlier keeper, or read when an earlier manager already had newer ones (sinks have them)
    slow_reader, // this reader was too far behind
};
std::string_view name_of(GapReason reason);

struct Gap { // lines after `from` up to and including `to` are missing; some of them might not have matched
    Token from, to;
    GapReason reason = GapReason::expired;
    friend bool operator==(const Gap&, const Gap&) = default;
};
nlohmann::json to_json(const Gap& gap); // {"type":"gap","from","to","reason"}

struct Follower {
    LogFilter filter;
    std::uint64_t last = 0;         // seq of the last line passed
    std::optional<Gap> gap;         // to be reported by the next read
    bool caught_up = false;         // has once been at the newest line: from then on it can be slow
    std::uint64_t end = UINT64_MAX; // seq of the last line that is wanted

    // The newest lines are looked for, backwards: so many more, below this seq. `last` is not known before that.
    std::size_t seeking = 0;
    std::uint64_t seek_below = 0;
};

struct LogRead {
    std::optional<Gap> gap; // before the lines
    std::vector<LogLine> lines;
    bool more = false; // there is more to read, or to look through
};
inline constexpr std::size_t all_lines = SIZE_MAX;

class LogStore {
public:
    // first_seq: the number before the first line's, see token.h.
    LogStore(std::uint64_t epoch, std::uint64_t first_seq, std::size_t max_bytes);
    ~LogStore();
    LogStore(const LogStore&) = delete;
    LogStore& operator=(const LogStore&) = delete;

    // Numbers the line (seq is set in it) and keeps a copy.
    void append(LogLine& line);
    void set_max_bytes(std::size_t max_bytes);
    // All lines that earlier managers of this keeper made are in, as far as they could be had, under new numbers;
    // theirs went up to former_newest. Whoever has read that far goes on behind them; whoever has not missed some.
    void taken_up(std::uint64_t former_newest);

    [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }
    [[nodiscard]] std::uint64_t last_seq() const noexcept { return last_seq_; }
    [[nodiscard]] Token newest() const noexcept { return {epoch_, last_seq_}; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

    // A reader that starts after a token; without one, with the newest `limit` matching lines, or all_lines there are.
    [[nodiscard]] Follower follow(LogFilter filter, const std::optional<Token>& after, std::size_t limit) const;
    // The next lines: at most max_lines, no more than about max_bytes of data, and not after looking at about max_scan
    // bytes, so that a filter which finds little in much holds up nobody. A follower that has been at the newest line
    // and is now more than max_backlog bytes behind is moved to the newest line, with a gap.
    [[nodiscard]] LogRead read(Follower& follower, std::size_t max_lines, std::size_t max_bytes,
                               std::size_t max_backlog, std::size_t max_scan = SIZE_MAX) const;
    // Whether there are lines of the filter's service and run.
    [[nodiscard]] bool knows(const LogFilter& filter) const;

private:
    struct Block;
    using Blocks = std::deque<std::unique_ptr<Block>>;
    Block& block_for(std::size_t needed);
    void trim();
    [[nodiscard]] std::uint64_t oldest() const;                // seq of the oldest line, or of the next one
    bool seek(Follower& follower, std::size_t max_scan) const; // true once found
    [[nodiscard]] std::size_t bytes_behind(const Follower& follower, Blocks::const_iterator block) const;

    std::uint64_t epoch_;
    std::uint64_t first_seq_;
    std::uint64_t last_seq_;
    std::uint64_t taken_up_;          // the last line of earlier managers, by our count
    std::uint64_t former_newest_ = 0; // and by theirs
    std::size_t max_bytes_;
    std::size_t bytes_ = 0;      // allocated by blocks
    std::uint64_t appended_ = 0; // bytes ever put into blocks
    Blocks blocks_;
};

} // namespace processd::output
