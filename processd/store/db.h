// SPDX-License-Identifier: GPL-3.0-or-later
// processd/store/db.h: one tdb file, owned. Private to this room; tdb itself stays in the source file.
//
// Opened with TDB_NOMMAP: a full or failing disk then is an error code rather than SIGBUS, and the file's pages do not
// count as our memory. Opened with TDB_NOSYNC unless durable commits are wanted. The key "\0boot" is
// our own and not shown by for_each().
#pragma once

#include "helpers/base/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct tdb_context;

namespace processd::store {

struct TdbCloser {
    void operator()(tdb_context* tdb) const noexcept;
};

struct Trouble { // what tdb said about the last failure
    std::string message;
    int errno_value = 0;
};

class Db {
public:
    // Creates the file if there is none. Errc::corrupt for a file that is not a sound tdb of ours; errno otherwise. The
    // whole file is checked when it was last written under another boot: after a loss of power, TDB_NOSYNC promises
    // nothing.
    static base::Result<Db> open(const std::string& path, int hash_size, bool durable_commits);
    // The same, and a damaged file is renamed to PATH.corrupt-TIME, logged, and begun afresh. `usable` is asked about a
    // file that opened; Errc::corrupt from it counts as damage too.
    static base::Result<Db> open_or_set_aside(const std::string& path, int hash_size, bool durable_commits,
                                              const std::function<base::Result<void>(const Db&)>& usable);

    // Sets the file aside as damaged and goes on with an empty one: when damage shows in use. fd() changes. A file that
    // turns out to be sound stays, and EIO is returned.
    base::Result<void> begin_afresh(const base::Error& why);

    // All of `changes` or, if it fails or the commit fails, nothing.
    base::Result<void> transact(const std::function<base::Result<void>()>& changes);
    base::Result<void> put(std::string_view key, std::string_view value); // inside transact()
    base::Result<void> erase(std::string_view key);                       // inside transact(); fine if there is none

    [[nodiscard]] base::Result<std::optional<std::string>> get(std::string_view key) const;
    // In no order; views are valid during the call. Errc::corrupt when the file's structure is broken.
    base::Result<void> for_each(const std::function<void(std::string_view key, std::string_view value)>& visit) const;

    void set_durable_commits(bool on);
    [[nodiscard]] int fd() const;
    [[nodiscard]] std::uint64_t commits() const noexcept { return commits_; }

private:
    Db(std::string path, std::unique_ptr<Trouble> trouble, tdb_context* tdb);
    void forget_trouble() const;
    tl::unexpected<base::Error> failure(std::string_view what) const;
    base::Result<void> check() const; // all of the file; Errc::corrupt
    base::Result<void> check_after_reboot();

    std::string path_;
    std::unique_ptr<Trouble> trouble_; // tdb keeps its address
    std::unique_ptr<tdb_context, TdbCloser> tdb_;
    std::uint64_t commits_ = 0;
};

} // namespace processd::store
