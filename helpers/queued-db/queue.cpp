// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/queued-db/queue.h"

#include "helpers/base/crash_point.h"
#include "helpers/base/lock_file.h"
#include "helpers/queued-db/ptrans_text.h"

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <sys/stat.h>
#include <unordered_map>

namespace queued_db {
namespace {

using base::UniqueFd;
using std::chrono::seconds;

base::Result<void> make_directories(const std::string& path)
{
    for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
        const auto part = path.substr(0, slash);
        if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST) return base::fail(errno, "make " + part);
        if (slash == std::string::npos) return {};
    }
}

struct Batch {
    std::string text;
    std::unordered_map<std::string, std::uint64_t> last; // of each key, what the batch carries or drops
    std::size_t sent = 0, kept = 0, dropped = 0;
    bool more = false;
};

base::Result<Batch> make_batch(const std::vector<Entry>& pending, const Decide& decide, const Limits& limits)
{
    Batch batch;
    for (const auto& [sequence, operation] : pending) {
        const auto decision = decide ? decide(operation) : Decision::send;
        if (decision == Decision::keep) {
            ++batch.kept;
            continue;
        }
        if (decision == Decision::send) {
            const auto line = ptrans_line(operation);
            if (!line) return base::wrap("queued key", line.error());
            if (batch.sent == limits.batch_entries || batch.text.size() + line->size() > limits.batch_bytes) {
                batch.more = true;
                break;
            }
            batch.text += *line;
            ++batch.sent;
        } else {
            ++batch.dropped;
        }
        batch.last.emplace(operation.key, sequence);
    }
    return batch;
}

std::vector<Entry> without(const std::vector<Entry>& entries, const Batch& batch)
{
    std::vector<Entry> left;
    for (const auto& entry : entries) {
        const auto done = batch.last.find(entry.operation.key);
        if (done == batch.last.end() || entry.sequence > done->second) left.push_back(entry);
    }
    return left;
}

// The file "failures" holds their number; its time is that of the last one.
struct Failures {
    unsigned count = 0;
    base::Duration wait{0};
};
Failures read_failures(const std::string& path)
{
    Failures failures;
    struct stat st {};
    const auto text = read_whole_file(path);
    if (!text || ::stat(path.c_str(), &st) != 0) return failures;
    std::from_chars(text->data(), text->data() + text->size(), failures.count);
    if (failures.count == 0) return failures;
    const base::Duration pause = std::min(seconds{1 << std::min(failures.count - 1, 5U)}, seconds{30});
    const auto since = base::wall_now() - base::wall_from_ns(st.st_mtim.tv_sec * 1'000'000'000LL + st.st_mtim.tv_nsec);
    if (since.count() >= 0 && since < pause)
        failures.wait = pause - since; // a clock that was set back is no reason to wait
    return failures;
}

} // namespace

base::Result<Queue> Queue::open(const std::string& base_directory, const std::string& db, Limits limits)
{
    if (db.empty() || db.front() == '.' || db.find('/') != std::string::npos || db.size() > 200)
        return base::fail(base::Errc::bad_input, "\"" + db + "\" is not the name of a database");
    Queue queue{base_directory + "/" + db, limits};
    if (auto made = make_directories(queue.directory_); !made) return tl::unexpected(made.error());
    return queue;
}

base::Result<LogFile> Queue::locked_log(UniqueFd& lock) const
{
    auto locked = base::lock_file(path("lock"), limits_.lock_timeout);
    if (!locked) return tl::unexpected(locked.error());
    lock = std::move(*locked);
    return LogFile::open(path("log"));
}

base::Result<void> Queue::put(const std::vector<Operation>& operations)
{
    if (operations.empty()) return {};
    std::size_t bytes = 0;
    for (const auto& operation : operations) {
        if (const auto line = ptrans_line(operation); !line) return tl::unexpected(line.error());
        bytes += entry_header + operation.key.size() + (operation.value ? operation.value->size() : 0);
    }
    UniqueFd lock;
    auto log = locked_log(lock);
    if (!log) return tl::unexpected(log.error());
    if (log->size() + bytes > limits_.log_bytes) {
        if (auto replaced = log->replace(coalesce(log->entries())); !replaced) return replaced;
        if (log->size() + bytes > limits_.log_bytes)
            return base::fail(base::Errc::limit, "the queue holds " + std::to_string(log->entries().size()) +
                                                     " changes that ctdbd has not taken and may not grow beyond " +
                                                     std::to_string(limits_.log_bytes) + " bytes");
    }
    std::vector<Entry> entries;
    auto sequence = log->next_sequence();
    for (const auto& operation : operations) entries.push_back({sequence++, operation});
    return log->append(entries);
}

base::Result<std::vector<Entry>> Queue::pending() const
{
    UniqueFd lock;
    const auto log = locked_log(lock);
    if (!log) return tl::unexpected(log.error());
    return coalesce(log->entries());
}

base::Result<UniqueFd> Queue::hold_flushes() const { return base::lock_file(path("flush.lock"), limits_.lock_timeout); }

base::Result<Flushed> Queue::flush_held(const Carrier& carrier, const Decide& decide)
{
    auto flushed = carry(carrier, decide);
    note_failure(!flushed);
    return flushed;
}

base::Result<Flushed> Queue::flush(const Carrier& carrier, const Decide& decide)
{
    const auto alone = hold_flushes();
    if (!alone) return tl::unexpected(alone.error());
    return flush_held(carrier, decide);
}

base::Result<Flushed> Queue::flush_if_due(const Carrier& carrier, const Decide& decide)
{
    const auto alone = hold_flushes();
    if (!alone) return tl::unexpected(alone.error());
    if (const auto failures = read_failures(path("failures")); failures.wait.count() > 0)
        return base::fail(base::Errc::unavailable,
                          "ctdbd is left alone after " + std::to_string(failures.count) + " failed flushes");
    return flush_held(carrier, decide);
}

base::Result<Flushed> Queue::carry(const Carrier& carrier, const Decide& decide)
{
    Flushed flushed;
    while (true) {
        const auto todo = pending();
        if (!todo) return tl::unexpected(todo.error());
        const auto batch = make_batch(*todo, decide, limits_);
        if (!batch) return tl::unexpected(batch.error());
        flushed.kept = batch->kept;
        if (batch->last.empty()) return flushed;
        base::crash_point("flush", "before-commit");
        if (batch->sent > 0)
            if (auto carried = carrier(batch->text); !carried) return tl::unexpected(carried.error());
        base::crash_point("flush", "after-commit");
        UniqueFd lock;
        auto log = locked_log(lock);
        if (!log) return tl::unexpected(log.error());
        if (auto replaced = log->replace(without(log->entries(), *batch)); !replaced)
            return tl::unexpected(replaced.error());
        base::crash_point("flush", "taken-off");
        flushed.sent += batch->sent;
        flushed.dropped += batch->dropped;
        if (batch->sent > 0) ++flushed.transactions;
        if (!batch->more) return flushed;
    }
}

// Not synced: after a power cut there is no reason to wait.
void Queue::note_failure(bool failed) const
{
    const auto file = path("failures");
    if (!failed) {
        ::unlink(file.c_str());
        return;
    }
    const auto count = std::to_string(read_failures(file).count + 1) + "\n";
    const UniqueFd fd{::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
    [[maybe_unused]] const auto n = fd ? ::write(fd.get(), count.data(), count.size()) : 0;
}

base::Result<Status> Queue::status() const
{
    UniqueFd lock;
    const auto log = locked_log(lock);
    if (!log) return tl::unexpected(log.error());
    const auto failures = read_failures(path("failures"));
    return Status{coalesce(log->entries()).size(), log->size(), failures.count, failures.wait};
}

base::Result<Log> Queue::check() const
{
    const auto lock = base::lock_file(path("lock"), limits_.lock_timeout);
    if (!lock) return tl::unexpected(lock.error());
    const auto bytes = read_whole_file(path("log"));
    if (!bytes) return tl::unexpected(bytes.error());
    auto log = parse_log(*bytes);
    if (log.unreadable > 0 || (log.good == 0 && bytes->size() >= log_magic.size()))
        return base::fail(base::Errc::corrupt,
                          path("log") + " is damaged: " + std::to_string(log.unreadable + log.tail) +
                              " bytes cannot be read, " + std::to_string(log.entries.size()) + " entries can");
    for (const auto& entry : log.entries)
        if (const auto line = ptrans_line(entry.operation); !line)
            return base::fail(base::Errc::corrupt,
                              "entry " + std::to_string(entry.sequence) + ": " + line.error().message());
    return log;
}

} // namespace queued_db
