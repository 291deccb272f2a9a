// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/watch.h"

#include "helpers/base/log.h"
#include "helpers/base/unique_fd.h"
#include "statd-callout/helper/update.h"

#include <array>
#include <poll.h>
#include <sys/inotify.h>
#include <thread>

namespace callout {
namespace {

using std::chrono::milliseconds;

// Long enough that a storm of reclaiming clients makes few transactions, short enough for a second from record to
// database.
constexpr milliseconds gathering{300};

void drain(int fd)
{
    std::array<char, 65536> events; // NOLINT: thrown away
    while (::read(fd, events.data(), events.size()) > 0) {}
}

// How long until the next try: after a failure, and while records are kept whose address's owner is not known.
milliseconds next_try(const base::Result<queued_db::Flushed>& flushed, const Settings& settings)
{
    if (flushed && flushed->kept == 0) return milliseconds{-1};
    if (flushed) return std::chrono::seconds{15};
    const auto queue = open_queue(settings);
    const auto status = queue ? queue->status() : base::Result<queued_db::Status>{tl::unexpected(queue.error())};
    const auto wait = status ? std::chrono::ceil<milliseconds>(status->wait) : milliseconds{1000};
    return std::max(wait, milliseconds{100});
}

} // namespace

base::Result<void> watch(const Settings& settings)
{
    if (settings.storage != Storage::persistent_db)
        return base::fail(base::Errc::conflict, "only a queue can be watched");
    const base::UniqueFd fd{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
    const auto directory = settings.queue_directory();
    if (!fd || ::inotify_add_watch(fd.get(), directory.c_str(), IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR) < 0)
        return base::fail(errno, "watch " + directory);
    std::string last_failure;
    while (true) {
        const auto flushed = update(settings, {}, true);
        const auto failure = flushed ? "" : flushed.error().message();
        if (!flushed && flushed.error().code != base::Errc::unavailable && failure != last_failure)
            base::log::error("records could not be carried", {{"error", failure}});
        last_failure = failure;
        pollfd watched{fd.get(), POLLIN, 0};
        if (::poll(&watched, 1, static_cast<int>(next_try(flushed, settings).count())) < 0 && errno != EINTR)
            return base::fail(errno, "wait for records");
        if (watched.revents != 0) std::this_thread::sleep_for(gathering);
        drain(fd.get());
    }
}

} // namespace callout
