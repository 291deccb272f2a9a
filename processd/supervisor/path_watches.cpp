// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/path_watches.h"

#include "helpers/base/log.h"
#include "processd/loop/work.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <sys/inotify.h>
#include <sys/stat.h>

namespace processd::supervisor {
namespace {

constexpr int most_at_once = 2;  // threads that a hanging file system may hold; the pool has more
constexpr int longest_wait = 10; // times the settle time, for what is never quiet
constexpr std::uint32_t mask = IN_CREATE | IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |
                               IN_MOVE_SELF | IN_EXCL_UNLINK;

std::string print_of(const struct stat& status)
{
    const auto time = status.st_mtim;
    return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) + " " + std::to_string(status.st_mode) +
           " " + std::to_string(status.st_size) + " " + std::to_string(time.tv_sec) + "." +
           std::to_string(time.tv_nsec);
}

std::string print_of_entries(const std::string& path)
{
    DIR* const directory = ::opendir(path.c_str());
    if (directory == nullptr) return " unreadable";
    std::vector<std::string> entries;
    while (const dirent* entry = ::readdir(directory)) {
        struct stat status {};
        const std::string name(&entry->d_name[0]);
        if (name == "." || name == "..") continue;
        if (::fstatat(::dirfd(directory), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0)
            entries.push_back(name + " " + print_of(status));
    }
    ::closedir(directory);
    std::sort(entries.begin(), entries.end());
    std::size_t sum = 0; // of entries in order; one keeper life only, so any hash does
    for (const auto& entry : entries) sum = sum * 31 + std::hash<std::string>{}(entry);
    return " " + std::to_string(entries.size()) + " entries " + std::to_string(sum);
}

} // namespace

PathWatches::PathWatches(loop::Loop& loop, Seen seen)
    : loop_(loop), seen_(std::move(seen)), self_(std::make_shared<PathWatches*>(this))
{
}
PathWatches::~PathWatches() { *self_ = nullptr; }

void PathWatches::set(const std::map<std::string, base::Duration>& paths)
{
    for (auto at = paths_.begin(); at != paths_.end();) {
        if (paths.contains(at->first)) {
            ++at;
            continue;
        }
        const auto places = std::move(at->second.places);
        at = paths_.erase(at);
        drop(places);
    }
    if (!paths.empty() && !inotify_) {
        inotify_ = std::make_shared<base::UniqueFd>(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
        if (!*inotify_) {
            base::log::error("paths cannot be watched", {{"reason", std::strerror(errno)}});
            inotify_.reset();
            return;
        }
        poll_ = std::make_unique<loop::Poll>(loop_, inotify_->get(), [this](int) { read_events(); });
        poll_->watch(UV_READABLE);
    }
    for (const auto& [name, settle] : paths) {
        const auto [at, added] = paths_.try_emplace(name);
        at->second.settle = settle;
        if (!added) continue;
        at->second.timer = std::make_unique<loop::Timer>(loop_, [this, watched = name] { queue(watched); });
        queue(name);
    }
}

// The deepest directory on the way that exists tells when more of the way does; the path itself of what it is.
PathWatches::Look PathWatches::look(int inotify, const std::string& path)
{
    Look found;
    for (auto slash = path.rfind('/'); slash != std::string::npos;
         slash = slash == 0 ? slash : path.rfind('/', slash - 1)) {
        const auto directory = slash == 0 ? "/" : path.substr(0, slash);
        const int watch = ::inotify_add_watch(inotify, directory.c_str(), mask | IN_ONLYDIR);
        if (watch >= 0) {
            const auto end = std::min(path.find('/', slash + 1), path.size());
            found.places.push_back({watch, path.substr(slash + 1, end - slash - 1)});
            break;
        }
        if (errno != ENOENT && errno != ENOTDIR) found.error = errno;
        if (slash == 0) break;
    }
    if (const int watch = ::inotify_add_watch(inotify, path.c_str(), mask); watch >= 0)
        found.places.push_back({watch, ""});
    else if (errno != ENOENT && errno != ENOTDIR)
        found.error = errno;
    struct stat status {};
    if (::stat(path.c_str(), &status) < 0)
        found.print = std::string("missing: ") + std::strerror(errno);
    else
        found.print = print_of(status) + (S_ISDIR(status.st_mode) ? print_of_entries(path) : "");
    return found;
}

void PathWatches::read_events()
{
    alignas(inotify_event) std::array<char, 16 * 1024> buffer; // NOLINT: filled by read
    while (true) {
        const auto n = ::read(inotify_->get(), buffer.data(), buffer.size());
        if (n <= 0) return;
        for (std::size_t at = 0; at < static_cast<std::size_t>(n);) {
            const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
            at += sizeof(inotify_event) + event->len;
            const std::string_view entry = event->len > 0 ? std::string_view(event->name) : std::string_view();
            for (auto& [name, path] : paths_) {
                const bool concerns = std::any_of(path.places.begin(), path.places.end(), [&](const Place& place) {
                    return place.watch == event->wd && (place.entry.empty() || entry.empty() || place.entry == entry);
                });
                if (concerns || (event->mask & IN_Q_OVERFLOW) != 0) changed(path, name);
            }
        }
    }
}

void PathWatches::changed(Path& path, const std::string& name)
{
    const auto now = base::now();
    if (!path.timer->armed()) path.first_change = now;
    const auto quiet = now + path.settle;
    const auto latest = path.first_change + path.settle * longest_wait;
    if (path.settle == base::Duration{})
        queue(name);
    else
        path.timer->at(std::min(quiet, latest));
}

void PathWatches::queue(const std::string& name)
{
    const auto found = paths_.find(name);
    if (found == paths_.end() || std::exchange(found->second.queued, true)) return;
    queue_.push_back(name);
    look_at_next();
}

void PathWatches::look_at_next()
{
    while (looking_ < most_at_once) {
        // What is being looked at already has its turn after that.
        const auto next = std::find_if(queue_.begin(), queue_.end(), [&](const auto& name) {
            const auto found = paths_.find(name);
            return found == paths_.end() || !found->second.looking;
        });
        if (next == queue_.end()) return;
        const auto name = *next;
        queue_.erase(next);
        const auto found = paths_.find(name);
        if (found == paths_.end()) continue;
        found->second.queued = false;
        found->second.looking = true;
        ++looking_;
        const auto result = std::make_shared<Look>();
        loop::work(
            loop_, [result, name, inotify = inotify_] { *result = look(inotify->get(), name); },
            [result, name, self = self_] {
                if (*self == nullptr) return;
                --(*self)->looking_;
                (*self)->looked(name, *result);
                (*self)->look_at_next();
            });
    }
}

void PathWatches::looked(const std::string& name, Look found)
{
    if (found.error != 0 && !std::exchange(told_error_, true))
        base::log::warning("a path cannot be watched, so that changes of it are not seen",
                           {{"path", name}, {"reason", std::strerror(found.error)}});
    const auto at = paths_.find(name);
    if (at == paths_.end()) return drop(found.places);
    at->second.looking = false;
    const auto before = std::exchange(at->second.places, std::move(found.places));
    drop(before);
    seen_(name, found.print);
}

// Those that nobody needs any more. One that a thread has just been given again is removed here; inotify then tells
// that it is ignored, and its path is looked at once more.
void PathWatches::drop(const std::vector<Place>& places)
{
    for (const auto& place : places) {
        const bool used = std::any_of(paths_.begin(), paths_.end(), [&](const auto& entry) {
            return std::any_of(entry.second.places.begin(), entry.second.places.end(),
                               [&](const Place& other) { return other.watch == place.watch; });
        });
        if (!used && inotify_) ::inotify_rm_watch(inotify_->get(), place.watch);
    }
}

} // namespace processd::supervisor
