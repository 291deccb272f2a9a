// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/sink_writer.h"

#include "helpers/base/crash_point.h"
#include "helpers/base/log.h"
#include "helpers/base/thread.h"
#include "helpers/base/wall_time.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <sys/eventfd.h>

namespace processd::output {
namespace {

using Lock = std::unique_lock<std::mutex>;

constexpr std::size_t batch_size = 64 * 1024;
constexpr base::Duration pause = std::chrono::milliseconds{5}; // between writes, for more than one line to gather
constexpr base::Duration first_retry = std::chrono::milliseconds{100};
constexpr base::Duration last_retry = std::chrono::seconds{5};
constexpr base::Duration usual_farewell = std::chrono::milliseconds{200}; // to notice that the writer is told to leave

struct Batch {
    std::string text;
    std::uint64_t lines = 0;
    std::uint64_t last_seq = 0; // done with once the text is written: its last line's, or of lines dropped behind it
};

} // namespace

struct SinkWriter::Shared {
    std::unique_ptr<Sink> sink; // used by the thread alone
    std::string name;
    std::size_t max_queue_bytes = 0;
    base::UniqueFd stop; // readable: leave, even from the middle of a write
    LineForm form;       // used by the owner, and by the thread with the lock; changed by the owner with the lock

    std::mutex mutex;
    std::condition_variable to_thread, from_thread;
    std::deque<Batch> batches; // the first one is the thread's alone while it is writing
    bool writing = false;
    SinkStatus status;
    bool dropping = false;    // until the queue is half empty, so that there is one gap rather than many
    std::uint64_t untold = 0; // dropped lines that no line tells of yet
    std::string untold_reason;
    std::unique_ptr<Sink> next_sink; // takes over between two batches
    bool reopen = false, asked = false, ending = false, leave = false, finished = false;
    base::Duration drain_time = std::chrono::seconds{1}, farewell_time = usual_farewell;
    std::thread thread;

    std::mutex progress_mutex; // held while it is called, so that the owner can take it away
    std::function<void()> progress;
    std::atomic<std::uint64_t> written_seq{0};

    // lines: that the text holds; missing: that are untold of without it. True: the thread is to be woken.
    bool put(std::string_view text, std::uint64_t seq, std::uint64_t lines, std::uint64_t missing);
    void add(std::string_view text, std::uint64_t seq, std::uint64_t lines);
    void tell_dropped();
    void call_progress();

    void run();
    void tend_sink(Lock& lock);
    base::Result<void> write_front(Lock& lock);
    bool trouble = false; // the thread's: an episode has begun
    std::uint64_t logged_dropped = 0;
    void note_failure(const base::Error& error, Lock& lock);
    void note_success(Lock& lock);
};

void SinkWriter::Shared::add(std::string_view text, std::uint64_t seq, std::uint64_t lines)
{
    const bool open = batches.size() > (writing ? 1U : 0U);
    if (!open || batches.back().text.size() + text.size() > batch_size) batches.emplace_back();
    auto& batch = batches.back();
    batch.text.append(text);
    batch.last_seq = std::max(batch.last_seq, seq);
    batch.lines += lines;
    status.queued_bytes += text.size();
}

void SinkWriter::Shared::tell_dropped()
{
    std::string text;
    append_notice(text, form, {base::wall_now(), {}, {}, untold, untold_reason});
    untold = 0;
    add(text, 0, 0);
}

// Behind what is queued, or dropped and counted.
bool SinkWriter::Shared::put(std::string_view text, std::uint64_t seq, std::uint64_t lines, std::uint64_t missing)
{
    const std::lock_guard lock{mutex};
    if (dropping && status.queued_bytes <= max_queue_bytes / 2) dropping = false;
    // A line longer than the whole queue is taken when it is alone.
    if (!batches.empty() && status.queued_bytes + text.size() > max_queue_bytes) dropping = true;
    if (dropping && !batches.empty()) {
        status.lines_dropped += lines;
        untold += missing;
        untold_reason = status.error.empty() ? "the sink is too slow" : status.error;
        batches.back().last_seq = seq;
        return false;
    }
    dropping = false;
    if (untold > 0) tell_dropped();
    const auto before = batches.size();
    add(text, seq, lines);
    return !writing && batches.size() != before; // there is something, or enough not to wait for more
}

// One try at the first batch. The lock is given up for the time of the write.
base::Result<void> SinkWriter::Shared::write_front(Lock& lock)
{
    auto& batch = batches.front(); // stays where it is: others only add behind it
    std::size_t done = 0;
    base::Result<void> result;
    writing = true;
    lock.unlock();
    base::crash_point("write:before", "sink");
    while (result && done < batch.text.size()) {
        auto n = sink->write(std::string_view{batch.text}.substr(done), stop.get());
        if (n)
            done += *n;
        else
            result = tl::unexpected(n.error());
    }
    base::crash_point("write:after", "sink");
    lock.lock();
    writing = false;
    status.queued_bytes -= done;
    if (!result) {
        batch.text.erase(0, done);
        return result;
    }
    status.lines_written += batch.lines;
    if (batch.last_seq != 0) written_seq.store(batch.last_seq, std::memory_order_release);
    batches.pop_front();
    return result;
}

void SinkWriter::Shared::note_failure(const base::Error& error, Lock& lock)
{
    if (leave) return;
    status.error = error.message();
    if (std::exchange(trouble, true)) return;
    const auto reason = status.error;
    lock.unlock(); // our own log may be the very pipe that is stuck
    base::log::warning("captured lines cannot be written, trying again", {{"sink", name}, {"reason", reason}});
    lock.lock();
}

void SinkWriter::Shared::note_success(Lock& lock)
{
    status.error.clear();
    if (status.queued_bytes > max_queue_bytes / 2) return;
    // The gap is told of where it is: behind the lines that were queued before it.
    if (untold > 0) tell_dropped();
    const auto dropped = status.lines_dropped - std::exchange(logged_dropped, status.lines_dropped);
    const bool recovered = std::exchange(trouble, false);
    if (!recovered && dropped == 0) return;
    lock.unlock();
    if (recovered)
        base::log::info("captured lines are written again", {{"sink", name}, {"lines_dropped", dropped}});
    else
        base::log::warning("captured lines were dropped: the sink is too slow", {{"sink", name}, {"lines", dropped}});
    lock.lock();
}

void SinkWriter::Shared::call_progress()
{
    const std::lock_guard calling{progress_mutex};
    if (progress) progress();
}

void SinkWriter::Shared::tend_sink(Lock& lock)
{
    auto taking_over = std::move(next_sink);
    const bool reopens = std::exchange(reopen, false);
    lock.unlock();
    if (taking_over) sink = std::move(taking_over);
    if (reopens) sink->reopen();
    lock.lock();
}

void SinkWriter::Shared::run()
{
    Lock lock{mutex};
    auto retry = first_retry;
    base::Time next_write{};
    const auto tended = [this] { return reopen || next_sink; };
    while (!leave) {
        to_thread.wait(lock, [&] { return !batches.empty() || ending || tended(); });
        to_thread.wait_until(lock, next_write, [&] { return batches.size() > 1 || ending || asked || tended(); });
        if (tended()) {
            tend_sink(lock);
            continue;
        }
        if (batches.empty()) break; // and ending
        if (auto written = write_front(lock); !written) {
            note_failure(written.error(), lock);
            const bool was_ending = ending;
            if (!leave)
                to_thread.wait_for(lock, ending ? first_retry : retry,
                                   [&] { return tended() || leave || ending != was_ending; });
            retry = std::min(retry * 2, last_retry);
            continue;
        }
        retry = first_retry;
        next_write = base::now() + pause;
        note_success(lock);
        from_thread.notify_all();
        lock.unlock();
        call_progress();
        lock.lock();
    }
    finished = true;
    from_thread.notify_all();
    lock.unlock();
    call_progress();
}

SinkWriter::SinkWriter(std::unique_ptr<Sink> sink, std::size_t max_queue_bytes, std::function<void()> progress,
                       LineForm form)
    : shared_(std::make_shared<Shared>())
{
    shared_->form = std::move(form);
    shared_->name = sink->name();
    shared_->sink = std::move(sink);
    shared_->max_queue_bytes = max_queue_bytes;
    shared_->progress = std::move(progress);
    shared_->stop.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    shared_->thread = base::helper_thread([shared = shared_] { shared->run(); });
}

SinkWriter::~SinkWriter()
{
    auto& s = *shared_;
    {
        const std::lock_guard calling{s.progress_mutex};
        s.progress = {};
    }
    Lock lock{s.mutex};
    s.ending = true;
    s.to_thread.notify_all();
    const auto finished = [&s] { return s.finished; };
    if (!s.from_thread.wait_for(lock, s.drain_time, finished)) {
        s.leave = true;
        s.to_thread.notify_all();
        ::eventfd_write(s.stop.get(), 1);
        s.from_thread.wait_for(lock, s.farewell_time, finished);
    }
    const bool gone = s.finished;
    lock.unlock();
    // A thread that a dead disk holds in the kernel keeps what it uses and is left to the end of the process.
    if (gone)
        s.thread.join();
    else
        s.thread.detach();
}

void SinkWriter::write(const LogLine& line)
{
    thread_local std::string text;
    text.clear();
    append_line(text, shared_->form, line);
    if (shared_->put(text, line.seq, 1, 1)) shared_->to_thread.notify_one();
}

void SinkWriter::tell(const Notice& notice, std::uint64_t seq)
{
    std::string text;
    append_notice(text, shared_->form, notice);
    if (shared_->put(text, seq, 0, notice.lines)) shared_->to_thread.notify_one();
}

void SinkWriter::retire()
{
    {
        const std::lock_guard lock{shared_->mutex};
        shared_->ending = true;
    }
    shared_->to_thread.notify_all();
}

bool SinkWriter::revive()
{
    const std::lock_guard lock{shared_->mutex};
    shared_->ending = false;
    return !shared_->finished;
}

bool SinkWriter::gone() const
{
    const std::lock_guard lock{shared_->mutex};
    return shared_->finished;
}

std::uint64_t SinkWriter::leave(base::Duration farewell)
{
    auto& s = *shared_;
    const std::lock_guard lock{s.mutex};
    s.ending = s.leave = true;
    s.drain_time = {};
    s.farewell_time = farewell;
    s.to_thread.notify_all();
    ::eventfd_write(s.stop.get(), 1);
    std::uint64_t lines = s.untold;
    for (const auto& batch : s.batches) lines += batch.lines;
    return s.finished ? 0 : lines;
}

void SinkWriter::replace(std::unique_ptr<Sink> sink, LineForm form)
{
    {
        const std::lock_guard lock{shared_->mutex};
        if (sink) shared_->next_sink = std::move(sink);
        shared_->form = std::move(form);
    }
    shared_->to_thread.notify_one();
}

void SinkWriter::reopen()
{
    {
        const std::lock_guard lock{shared_->mutex};
        shared_->reopen = true;
    }
    shared_->to_thread.notify_one();
}

void SinkWriter::set_drain_time(base::Duration time)
{
    const std::lock_guard lock{shared_->mutex};
    shared_->drain_time = time;
}

std::uint64_t SinkWriter::written_seq() const noexcept { return shared_->written_seq.load(std::memory_order_acquire); }

SinkStatus SinkWriter::status() const
{
    const std::lock_guard lock{shared_->mutex};
    auto status = shared_->status;
    status.written_seq = written_seq();
    return status;
}

std::string SinkWriter::name() const { return shared_->name; }

bool SinkWriter::drain(base::Duration patience)
{
    auto& s = *shared_;
    Lock lock{s.mutex};
    s.asked = true;
    s.to_thread.notify_one();
    const bool done = s.from_thread.wait_for(lock, patience, [&s] { return s.batches.empty(); });
    s.asked = false;
    return done;
}

} // namespace processd::output
