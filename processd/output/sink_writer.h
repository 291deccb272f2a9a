// SPDX-License-Identifier: GPL-3.0-or-later
// processd/output/sink_writer.h: one thread that writes lines to one sink, so that a full disk or a slow pipe holds up
// nothing but itself. Lines are written at once after a pause, and together with those of the next few milliseconds
// when they come without one. They wait in a bounded queue; while the sink fails it is tried again with growing delays;
// when the queue is full further lines are dropped and counted, and a line "… N lines dropped, REASON" takes their
// place as soon as there is room. Each such episode is logged once as a warning. Without lines the thread sleeps
// untimed.
#pragma once

#include "processd/output/line_format.h"
#include "processd/output/log_line.h"
#include "processd/output/sink.h"

#include <cstdint>
#include <functional>
#include <memory>

namespace processd::output {

struct SinkStatus {
    std::uint64_t written_seq = 0; // every line up to here is written, or dropped and counted
    std::uint64_t lines_written = 0;
    std::uint64_t lines_dropped = 0;
    std::uint64_t queued_bytes = 0;
    std::string error; // of the last try, empty while all is well
};

class SinkWriter {
public:
    // progress is called on the writer's thread whenever written_seq has moved (and is meant to wake a loop).
    SinkWriter(std::unique_ptr<Sink> sink, std::size_t max_queue_bytes, std::function<void()> progress = {},
               LineForm form = {});
    SinkWriter(const SinkWriter&) = delete;
    SinkWriter& operator=(const SinkWriter&) = delete;
    // Gives the queue `drain_time` to get written, then leaves; a thread stuck in the kernel is left behind.
    ~SinkWriter();

    void write(const LogLine& line);                    // never blocks; lines come in order of seq
    void tell(const Notice& notice, std::uint64_t seq); // likewise; stands for lines up to seq
    void reopen();
    // Another sink for the same place (or none: the same), and another form: what is queued stays in the former one.
    void replace(std::unique_ptr<Sink> sink, LineForm form);
    void set_drain_time(base::Duration time);

    // The end without waiting: nothing more comes, and the thread leaves when all is written, after which progress is
    // called once more. revive() takes that back, unless it has left. leave() has it give up: what it still had is
    // dropped, and the number of those lines returned; the destructor then waits no longer than `farewell` for the
    // thread.
    void retire();
    [[nodiscard]] bool revive();
    [[nodiscard]] bool gone() const;
    std::uint64_t leave(base::Duration farewell);

    [[nodiscard]] std::uint64_t written_seq() const noexcept;
    [[nodiscard]] SinkStatus status() const;
    [[nodiscard]] std::string name() const;
    // Waits until everything queued is written or the time is over; true if it is. For an orderly stop.
    bool drain(base::Duration patience);

private:
    struct Shared;
    std::shared_ptr<Shared> shared_;
};

} // namespace processd::output
