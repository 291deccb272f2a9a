// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/service_view.h: services and operations (docs/openapi.yaml, Service and Operation) as text: one table
// for all of them, one page for one. Pure.
#pragma once

#include "processd/ctl/text.h"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace processd::ctl {

// "ctdb-processd 0.1.0, up 3d 4h, 20 services (18 ready, 1 failed), proof: cgroup". system is a System object.
std::string system_line(const nlohmann::json& system, const Style& style);
// services is the array of Service objects.
std::string service_table(const nlohmann::json& services, const Style& style);
std::string service_page(const nlohmann::json& service, const Style& style);
// Why it is as it is and what comes next, in one line: "exited with code 3; restart in 4s".
std::string service_why(const nlohmann::json& service, const Style& style);
// What is wrong, a line each; "healthy" if nothing is.
std::string health_lines(const nlohmann::json& health, const Style& style);
std::string subject(const nlohmann::json& operation); // its service or job, or the daemon
// "smbd restarted", "stop of smbd failed: …". took: from created to ended.
std::string operation_line(const nlohmann::json& operation, const Style& style);
// What a service's last end left, as lines: the sentence, then its output.
std::string last_end(const nlohmann::json& service, const Style& style);

} // namespace processd::ctl
