// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/supervisor.h: the manager's parts put together behind the keeper channel: store, captured output,
// runs, services, operations. It exists from the keeper's HELLO on; `on_serve` comes when everything was taken up again
// and the API may be served on the listening socket.
#pragma once

#include "helpers/base/unique_fd.h"
#include "processd/config/read_directory.h"
#include "processd/model/service_spec.h"
#include "processd/protocol/message.h"
#include "processd/supervisor/changes.h"
#include "processd/supervisor/jobs.h"
#include "processd/supervisor/operations.h"
#include "processd/supervisor/runs.h"
#include "processd/supervisor/services.h"
#include "processd/supervisor/transient_services.h"
#include "processd/supervisor/upgrade.h"

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace processd::loop {
class Loop;
}
namespace processd::output {
class LogStore;
}

namespace processd::supervisor {

class Metrics;

struct Directories {
    std::string config, state, runtime;
};

class Supervisor {
public:
    struct Events {
        std::function<void(base::UniqueFd listening)> on_serve;
        std::function<void(const model::Configuration&)> on_configuration; // now and after each reload
        std::function<void()> on_leave;                                    // on_exit comes soon: no more connections
        std::function<void(int exit_code)> on_exit; // the manager has to end: 0 orderly, 2 configuration
    };
    Supervisor(loop::Loop& loop, base::UniqueFd keeper_channel, Directories directories, std::string program_directory,
               Events events);
    ~Supervisor();
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    // Valid from on_serve on.
    Runs& runs();
    Services& services();
    Jobs& jobs();
    TransientServices& transient();
    Operations& operations();
    Changes& changes();
    output::LogStore& logs();
    [[nodiscard]] const model::Configuration& configuration() const;
    Metrics& metrics();
    [[nodiscard]] const model::DaemonSpec& daemon() const;
    // The texts of what is in force.
    [[nodiscard]] std::vector<config::SourceSet> sources() const;

    // docs/openapi.yaml, System, without what only the API knows (connections, followers, you).
    [[nodiscard]] nlohmann::json system() const;
    // What the keeper knows that it may do, see keeper_abilities.h.
    [[nodiscard]] std::vector<std::string> ability_words() const;
    // Reads the directory again, on another thread, and then all of it is applied or nothing. `changes` is
    // docs/openapi.yaml's Reload. Errc::bad_input: the configuration is wrong and `errors` is its ConfigError list;
    // otherwise it could not be put on record.
    using Reloaded = std::function<void(const base::Result<nlohmann::json>& changes, const nlohmann::json& errors)>;
    void plan(Reloaded done); // the same without applying it; docs/openapi.yaml's Plan
    void reload(const std::optional<model::Identity>& by, Reloaded done); // by nobody: SIGHUP
    // Begins the orderly stop; returns its deadline as wall time. Asking again returns the same.
    base::WallTime shutdown(const std::optional<model::Identity>& by);
    [[nodiscard]] bool stopping() const;
    // Another version of the daemon in this one's place.
    void upgrade(const std::optional<model::Identity>& by, Upgrade::Done done);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace processd::supervisor
