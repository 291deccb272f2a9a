// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/configured.h: where the configuration comes from. What is in force is kept with its texts in
// state.tdb, so that a manager which takes over is configured as the one before, whatever is on disk by then. What is
// on disk is read on another thread, judged as a whole, and comes into force only by accept().
//
// The directory is watched by inotify, so that it is known at any time which files differ from those in force.
//
// Transient services, declared over the API, are in state.tdb beside the files' texts and are a part of every
// configuration until the daemon ends.
#pragma once

#include "processd/config/load.h"
#include "processd/config/source_changes.h"
#include "processd/loop/loop.h"
#include "processd/supervisor/path_watches.h"
#include "processd/supervisor/transient_records.h"

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
    [[nodiscard]] std::vector<config::SourceSet> sources() const; // its texts, also of what is transient
    [[nodiscard]] base::WallTime loaded() const { return loaded_; }
    [[nodiscard]] const std::string& error() const { return error_; } // of the last reload; empty: none

    void read(std::function<void(Candidate)> done);
    base::Result<void> accept(Candidate candidate); // one without problems. The error: it could not be put on record
    void refuse(std::string why) { error_ = std::move(why); }

    // Of transient services. Both come into force at once, or nothing has changed.
    static constexpr std::size_t max_transient = 256, max_transient_bytes = 64 * 1024;
    enum class Declared { created, changed, unchanged };
    struct Declaration {
        Declared declared;
        config::Problems warnings{}; // of it
        friend bool operator==(const Declaration& a, Declared b) { return a.declared == b; }
    };
    struct Refused {
        base::Error error;
        config::Problems problems{}; // what is wrong with it
    };
    template <class T> using OrRefused = tl::expected<T, Refused>;
    // text: JSON or TOML, within max_transient_bytes. Errc::conflict: a file declares it; Errc::limit. What says the
    // same as what is in force changes nothing, not even whose it is.
    OrRefused<Declaration> declare(const std::string& name, const std::string& text, model::Transient who);
    // Errc::conflict: it is a file's, or another one relies on it. withdraw() refuses what may_withdraw() does.
    [[nodiscard]] OrRefused<void> may_withdraw(const std::string& name) const;
    OrRefused<void> withdraw(const std::string& name);
    // What is on record and not in force, with the reason.
    [[nodiscard]] const SetAside& set_aside() const { return aside_; }

    // How the files of this candidate differ from those in force.
    [[nodiscard]] std::vector<config::FileChange> differences(const Candidate& candidate) const;

    // From now on. on_disk_changed comes when what differs_on_disk() says has changed.
    void watch();
    [[nodiscard]] const std::vector<config::FileChange>& differs_on_disk() const { return differs_; }
    std::function<void()> on_disk_changed;

private:
    bool take(const config::Loaded& found);
    [[nodiscard]] std::vector<config::SourceSet> files() const;     // in force; none where they cannot be read back
    [[nodiscard]] std::vector<config::SourceSet> transient() const; // in force
    [[nodiscard]] OrRefused<config::Loaded> with(const std::vector<config::SourceSet>& transient) const;
    [[nodiscard]] std::string file_of(const std::string& name) const;
    void watch_paths();
    void look();
    void looked(std::vector<config::FileChange> differs);

    loop::Loop& loop_;
    store::State& state_;
    std::string directory_;
    model::Configuration in_force_;
    base::WallTime loaded_{};
    std::string error_;
    SetAside aside_;

    std::vector<config::FileChange> differs_;
    std::set<std::string> names_; // whose drop-ins count
    bool looking_ = false, look_again_ = false;
    PathWatches watches_;
    std::shared_ptr<Configured*> self_; // empty once this is gone, for threads that come back
};

} // namespace processd::supervisor
