// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/run_source.h: one run's output as NDJSON (docs/openapi.yaml, RunStreamLine), read from its ring while it
// is live and from its record's tail afterwards. The number in its tokens counts the bytes of both streams in the order
// they were recorded, so that a token made from the ring is good for the tail as well, and under any manager or keeper.
#pragma once

#include "processd/api/context.h"
#include "processd/api/source.h"
#include "processd/output/token.h"

#include <array>
#include <deque>
#include <optional>
#include <string>

namespace processd::api {

class RunSource final : public Source {
public:
    struct Wanted {
        std::string id; // of a run that exists
        std::optional<output::Token> after;
        bool follow = false; // with `run` lines around, until the run has ended; else the output that there is
        bool with_environment = false;
    };
    RunSource(Context& context, Wanted wanted);
    Next pull(std::string& out, std::size_t room) override;

private:
    using Counts = std::array<std::uint64_t, 2>; // stdout, stderr
    struct Bytes {
        std::size_t stream;
        std::uint64_t offset; // in that stream
        base::WallTime time;
        std::string data;
        bool late;
    };

    void open_ring();
    void start_at(const Counts& oldest, std::string& out);
    bool read_ring(std::string& out, std::size_t room); // true: there may be more now
    void read_tail(std::string& out);
    void tell_bytes(Bytes bytes, std::string& out);
    void tell_gap(std::uint64_t from, std::uint64_t to, const char* reason, std::optional<std::size_t> stream,
                  std::string& out) const;
    void tell_run(std::uint64_t seq, std::string& out) const;
    [[nodiscard]] std::string token(std::uint64_t seq) const;
    [[nodiscard]] std::uint64_t total() const { return passed_[0] + passed_[1]; }

    Context& context_;
    const Wanted wanted_;
    const std::uint64_t epoch_;
    std::optional<output::RingSource> ring_;
    std::optional<base::WallTime> ended_; // the run has, then
    bool begun_ = false;
    bool placed_ = false; // passed_ is right
    Counts passed_{};     // bytes of each stream that are behind us
    supervisor::Subscription output_, change_;
};

} // namespace processd::api
