// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/path_watches.h: tells what paths look like, once at first and then after each change, by inotify:
// nothing is asked in between. A path may be missing, or its directory; what replaces it by rename is seen. Of a
// directory its entries count, not theirs. A file counts as changed when whoever wrote to it has closed it.
//
// Paths are looked at on another thread, as they may lie on a file system that hangs; then the watches wait, and
// nothing else does.
#pragma once

#include "helpers/base/time.h"
#include "helpers/base/unique_fd.h"
#include "processd/loop/loop.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace processd::supervisor {

class PathWatches {
public:
    // print: what tells one state of a path from another: existence, inode, size and time of change.
    using Seen = std::function<void(const std::string& path, const std::string& print)>;
    PathWatches(loop::Loop& loop, Seen seen);
    ~PathWatches();
    PathWatches(const PathWatches&) = delete;
    PathWatches& operator=(const PathWatches&) = delete;

    // From now on these and no others; settle: how long a path has to be quiet before it is looked at.
    void set(const std::map<std::string, base::Duration>& paths);

private:
    struct Place { // where inotify tells of it
        int watch = -1;
        std::string entry; // of that directory; empty: all that is told
    };
    struct Look {
        std::vector<Place> places;
        std::string print;
        int error = 0; // of a watch
    };
    struct Path {
        base::Duration settle{};
        std::vector<Place> places;
        std::unique_ptr<loop::Timer> timer;
        base::Time first_change{}; // of those that were not looked at yet
        bool queued = false, looking = false;
    };
    static Look look(int inotify, const std::string& path);
    void read_events();
    void changed(Path& path, const std::string& name);
    void queue(const std::string& name);
    void look_at_next();
    void looked(const std::string& name, Look found);
    void drop(const std::vector<Place>& places);

    loop::Loop& loop_;
    Seen seen_;
    std::shared_ptr<base::UniqueFd> inotify_; // of the threads too
    std::unique_ptr<loop::Poll> poll_;
    std::map<std::string, Path> paths_;
    std::deque<std::string> queue_;
    int looking_ = 0;
    bool told_error_ = false;
    std::shared_ptr<PathWatches*> self_; // empty once this is gone, for threads that come back
};

} // namespace processd::supervisor
