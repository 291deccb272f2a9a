// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/transient_services.h: services that are declared and removed over the API, without a file, until
// the daemon ends: configured.h keeps and judges them, services.h runs them.
#pragma once

#include "processd/supervisor/configured.h"
#include "processd/supervisor/operations.h"

#include <nlohmann/json.hpp>

namespace processd::supervisor {

class Journal;
class Services;

class TransientServices {
public:
    TransientServices(Configured& configured, Services& services, Operations& operations, Journal& journal);

    struct Answer {
        Configured::Declared declared;
        nlohmann::json changes;             // of its keys; docs/openapi.yaml, Changes
        config::Problems warnings;          // of its declaration
        std::optional<Operation> operation; // its start, if that is begun
    };
    // As a reload of this service alone: a new one starts if it is "auto", of a running one some keys wait for its next
    // start.
    Configured::OrRefused<Answer> put(const std::string& name, const std::string& text, const model::Identity& by);
    // Stops it. It is not declared any more when this returns, and forgotten once it is down.
    Configured::OrRefused<Operation> remove(const std::string& name, const model::Identity& by);

private:
    void apply();

    Configured& configured_;
    Services& services_;
    Operations& operations_;
    Journal& journal_;
};

} // namespace processd::supervisor
