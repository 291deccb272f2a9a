// SPDX-License-Identifier: GPL-3.0-or-later
// processd/store/store.h: what outlives a manager: run records (runs.tdb) and the values that cannot be derived from
// configuration and keeper (state.tdb), both in the state directory. The only room that knows tdb. docs/records.md
// describes the files, docs/adr/0003-durability.md why they are written the way they are.
//
// Everything is called on one thread and may block for the time of a local file write. A committed transaction survives
// SIGKILL of the manager at any instant. Against power loss files are synced by Sync: `interval` lets the caller call
// sync_soon() while dirty() (a helper thread does the fdatasync, the loop never waits for it), `always` makes each
// commit wait for the disk (milliseconds, on the caller's thread), `never` leaves it to the kernel.
#pragma once

#include "processd/model/service_spec.h"
#include "processd/store/directory.h"
#include "processd/store/records.h"
#include "processd/store/state.h"
#include "processd/store/syncer.h"

#include <cstdint>
#include <memory>
#include <string>

namespace processd::store {

struct Options {
    model::Sync sync = model::Sync::interval;
    Retention retention;
};

class Store {
public:
    // Makes the directory (mode 0700) if its parent exists, takes its lock, recovers or sets aside what is in it.
    // Errc::conflict names the process that has it open; errno for a directory that is missing, unreadable or
    // read-only.
    static base::Result<Store> open(const std::string& directory, const Options& options);

    [[nodiscard]] Records& records() noexcept { return *records_; }
    [[nodiscard]] State& state() noexcept { return *state_; }

    void set_options(const Options& options); // after a reload of the configuration
    // Something was committed since the last sync_soon(). Never with Sync::never or always: there is nothing to do.
    [[nodiscard]] bool dirty() const;
    // Has both files written to disk by the helper thread. Returns at once; while one is under way, one more follows.
    void sync_soon();

private:
    Store() = default;

    // Pointers, so that the store moves while the helper thread and references to its parts stay. Destroyed bottom up:
    // the thread that uses the files' descriptors first, the lock last.
    std::unique_ptr<Directory> directory_;
    std::unique_ptr<Records> records_;
    std::unique_ptr<State> state_;
    std::unique_ptr<Syncer> syncer_;
    model::Sync sync_ = model::Sync::interval;
    std::uint64_t synced_commits_ = 0;
};

} // namespace processd::store
