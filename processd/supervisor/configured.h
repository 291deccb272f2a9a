// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/configured.h: where the configuration comes from. What is in force is kept with its texts in
// state.tdb, so that a manager which takes over is configured as the one before, whatever is on disk by then. What is
// on disk is read on another thread, judged as a whole, and comes into force only by accept().
//
// The directory is watched by inotify, so that it is known at any time which files differ from those in force.
#pragma once

#include "processd/config/load.h"
#include "processd/config/source_changes.h"
#include "processd/loop/loop.h"
#include "processd/supervisor/path_watches.h"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace processd::store {
class State;
struct Change;
} // namespace processd::store

namespace processd::supervisor {

class Configured {
public:
    // What is on disk, and what it means.
    struct Candidate {
        std::vector<config::SourceSet> sources;
        config::Loaded found;
    };
    Configured(loop::Loop& loop, store::State& state, std::string directory);
    ~Configured();
    Configured(const Configured&) = delete;
    Configured& operator=(const Configured&) = delete;

    // At the start. false, having said why on stderr, if there is nothing to go on with.
    bool take_up();                                   // what the manager before had in force, else what is on disk
    bool begin(std::vector<store::Change> with_this); // what is on disk, put on record in one transaction with that

    [[nodiscard]] const model::Configuration& in_force() const { return in_force_; }
    [[nodiscard]] std::vector<config::SourceSet> sources() const; // its texts
    [[nodiscard]] base::WallTime loaded() const { return loaded_; }
    [[nodiscard]] const std::string& error() const { return error_; } // of the last reload; empty: none

    void read(std::function<void(Candidate)> done);
    base::Result<void> accept(Candidate candidate); // one without problems. The error: it could not be put on record
    void refuse(std::string why) { error_ = std::move(why); }

    // How the files of this candidate differ from those in force.
    [[nodiscard]] std::vector<config::FileChange> differences(const Candidate& candidate) const;

    // From now on. on_disk_changed comes when what differs_on_disk() says has changed.
    void watch();
    [[nodiscard]] const std::vector<config::FileChange>& differs_on_disk() const { return differs_; }
    std::function<void()> on_disk_changed;

private:
    bool take(const std::vector<config::SourceSet>& sources, config::Problems problems);
    void watch_paths();
    void look();
    void looked(std::vector<config::FileChange> differs);

    loop::Loop& loop_;
    store::State& state_;
    std::string directory_;
    model::Configuration in_force_;
    base::WallTime loaded_{};
    std::string error_;

    std::vector<config::FileChange> differs_;
    std::set<std::string> names_; // whose drop-ins count
    bool looking_ = false, look_again_ = false;
    PathWatches watches_;
    std::shared_ptr<Configured*> self_; // empty once this is gone, for threads that come back
};

} // namespace processd::supervisor
