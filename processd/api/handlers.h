// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/handlers.h: one function for each route, called with its level, query keys and body checked for being
// known. What each answers is docs/openapi.yaml's; the source files follow its tags.
#pragma once

#include "processd/api/route.h"

#include <nlohmann/json_fwd.hpp>

namespace processd::api {

// system.cpp
void get_system(const Call& call);
void get_health(const Call& call);
void get_abilities(const Call& call);
void get_metrics(const Call& call); // metrics.cpp
void get_whoami(const Call& call);  // whoami.cpp
void get_config(const Call& call);  // config.cpp
void get_config_of(const Call& call);
void get_plan(const Call& call);
void post_reload(const Call& call);
void post_shutdown(const Call& call);
void post_upgrade(const Call& call);
nlohmann::json system_json(Context& context, const Peer& peer, model::Access access);
// watch.cpp
void get_watch(const Call& call);
// services.cpp
void list_services(const Call& call);
void get_service(const Call& call);
void start_service(const Call& call);
void stop_service(const Call& call);
void restart_service(const Call& call);
void reload_service(const Call& call);
void signal_service(const Call& call);
void hold_service(const Call& call);
void release_service(const Call& call);
void reset_service(const Call& call);
void get_why(const Call& call);
// transient.cpp
void put_service(const Call& call);
void delete_service(const Call& call);
// groups.cpp
void list_groups(const Call& call);
void start_group(const Call& call);
void stop_group(const Call& call);
void restart_group(const Call& call);
// jobs.cpp
void list_jobs(const Call& call);
void get_job(const Call& call);
void run_job(const Call& call);
// operations.cpp
void list_operations(const Call& call);
void get_operation(const Call& call);
void abort_operation(const Call& call);
// runs.cpp
void list_runs(const Call& call);
void post_run(const Call& call);
void get_run(const Call& call);
void put_run(const Call& call);
void cancel_run(const Call& call);
void get_run_output(const Call& call);
// logs.cpp
void get_logs(const Call& call);

} // namespace processd::api
