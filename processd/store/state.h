// SPDX-License-Identifier: GPL-3.0-or-later
// processd/store/state.h: small JSON documents by key in state.tdb ("service/web", "operation/01J…", "meta"): every
// value that the next manager needs and cannot derive from configuration and keeper. A change is committed when the
// call returns, so it comes before the reply or deed that depends on it. When it cannot be, there are two ways on: what
// somebody asks for is refused (apply: on failure nothing has changed), and what has to happen anyway, as a restart
// after a crash, happens (keep: the change waits in here, the newest of each key, is seen by readers as if it were
// committed, and is so together with the next change or by retry(), all waiting ones in one transaction).
#pragma once

#include "helpers/base/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace processd::store {

class Directory;

struct Change {
    std::string key;
    std::optional<std::string> document; // JSON text; none: erase
};

Change change_of(std::string key, const nlohmann::json& document);

class State {
public:
    // A damaged or foreign file is set aside as state.tdb.corrupt-TIME with a logged error and a fresh one is begun.
    static base::Result<State> open(const Directory& directory, bool durable_commits);
    State(State&&) noexcept;
    State& operator=(State&&) noexcept;
    ~State();

    base::Result<void> put_now(std::string_view key, const nlohmann::json& document);
    base::Result<void> erase(std::string_view key);               // fine if there is none
    base::Result<void> apply(const std::vector<Change>& changes); // all or nothing

    void keep(const std::vector<Change>& changes); // for one transaction, now or later
    bool retry();                                  // true if nothing waits any more
    std::function<void()> on_waiting;              // keep() could not commit: retry() is due some time later

    [[nodiscard]] base::Result<nlohmann::json> get(std::string_view key) const; // Errc::not_found, Errc::corrupt
    [[nodiscard]] std::vector<std::string>
    keys(std::string_view prefix) const; // sorted; also of what get() cannot read
    // In key order. A document that is not JSON is logged and passed over.
    void for_each(std::string_view key_prefix,
                  const std::function<void(std::string_view key, const nlohmann::json& document)>& visit) const;

    void set_durable_commits(bool on);
    [[nodiscard]] int fd() const;
    [[nodiscard]] std::uint64_t commits() const;

private:
    struct Impl;
    explicit State(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace processd::store
