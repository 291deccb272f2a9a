// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/operation_wait.h: an operation that was asked for, followed to its end and told about.
#pragma once

#include "processd/ctl/session.h"

#include <nlohmann/json.hpp>
#include <string>

namespace processd::ctl {

client::Request get(std::string target);
client::Request post(std::string target, std::string body = {});

struct Asked {
    nlohmann::json operation;
    std::string body; // the same as the API's bytes
};

base::Time wait_deadline(const Session& session); // of --timeout; the end of time without
// Waits and says how it went; the exit code. path_of: of what the operation is on, whose last output tells why it
// failed; null: nothing has.
int finish(Session& session, Asked asked, base::Time deadline, std::string (*path_of)(const std::string& name));

} // namespace processd::ctl
