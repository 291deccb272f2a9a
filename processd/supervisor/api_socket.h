// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/api_socket.h: whose the API's socket is to be, as the keeper is told it. A name that is not
// known, or not yet, leaves the owner as it is.
#pragma once

#include "processd/model/service_spec.h"
#include "processd/supervisor/names.h"

namespace processd::supervisor {

class ApiSocket {
public:
    // changed: owner() has become another, from the loop.
    ApiSocket(Runs& runs, std::string prepare_program, std::function<void()> changed);
    void configure(const model::ApiSpec& spec) { spec_ = spec; }
    void look_up(); // the names in it: not before runs may begin

    struct Owner {
        std::uint32_t uid, gid; // protocol::nobody: as it is
    };
    [[nodiscard]] Owner owner() const;

private:
    Names names_;
    model::ApiSpec spec_;
};

} // namespace processd::supervisor
