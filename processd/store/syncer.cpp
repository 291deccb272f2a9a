// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/store/syncer.h"

#include "helpers/base/log.h"
#include "helpers/base/thread.h"

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <unistd.h>

namespace processd::store {

struct Syncer::Shared {
    std::vector<int> fds;
    std::mutex mutex;
    std::condition_variable changed;
    bool wanted = false;
    bool busy = false;
    bool ending = false;
    bool failing = false; // of the helper thread alone
    std::thread thread;

    void run()
    {
        std::unique_lock lock{mutex};
        while (true) {
            changed.wait(lock, [this] { return wanted || ending; });
            if (!wanted) return;
            wanted = false;
            busy = true;
            const auto now = fds;
            lock.unlock();
            sync_all(now);
            lock.lock();
            busy = false;
            changed.notify_all();
        }
    }

    void sync_all(const std::vector<int>& files)
    {
        int problem = 0;
        for (const int fd : files)
            if (::fdatasync(fd) < 0) problem = errno;
        if (problem != 0 && !failing)
            base::log::warning("records may not survive a loss of power: cannot sync to disk",
                               {{"reason", std::strerror(problem)}});
        if (problem == 0 && failing) base::log::info("records are synced to disk again");
        failing = problem != 0;
    }
};

Syncer::Syncer() : shared_(std::make_unique<Shared>()) {}

Syncer::~Syncer()
{
    {
        const std::lock_guard lock{shared_->mutex};
        shared_->ending = true;
    }
    shared_->changed.notify_all();
    if (shared_->thread.joinable()) shared_->thread.join();
}

void Syncer::request(std::vector<int> fds)
{
    {
        const std::lock_guard lock{shared_->mutex};
        shared_->fds = std::move(fds);
        shared_->wanted = true;
    }
    if (shared_->thread.joinable()) {
        shared_->changed.notify_all();
        return;
    }
    try {
        shared_->thread = base::helper_thread([shared = shared_.get()] { shared->run(); });
    } catch (const std::system_error& e) {
        base::log::warning("cannot sync to disk now: no thread",
                           {{"reason", e.what()}}); // the next request tries again
        const std::lock_guard lock{shared_->mutex};
        shared_->wanted = false;
    }
}

void Syncer::wait()
{
    std::unique_lock lock{shared_->mutex};
    shared_->changed.wait(lock, [this] { return !shared_->wanted && !shared_->busy; });
}

} // namespace processd::store
