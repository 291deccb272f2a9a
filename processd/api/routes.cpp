// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/handlers.h"

namespace processd::api {

const std::vector<Route>& routes()
{
    using model::Access;
    static const std::vector<Route> table{
        {"GET", "/v1/system", Access::read, get_system},
        {"GET", "/v1/abilities", Access::read, get_abilities},
        {"GET", "/v1/config", Access::read, get_config},
        {"GET", "/v1/config/{name}", Access::read, get_config_of},
        {"GET", "/v1/plan", Access::operate, get_plan},
        {"POST", "/v1/reload", Access::admin, post_reload},
        {"POST", "/v1/shutdown", Access::admin, post_shutdown},
        {"POST", "/v1/upgrade", Access::admin, post_upgrade},
        {"GET", "/v1/watch", Access::read, get_watch, {"after"}},

        {"GET", "/v1/health", Access::read, get_health, {"level"}},
        {"GET", "/v1/metrics", Access::read, get_metrics},
        {"GET", "/v1/whoami", Access::read, get_whoami},

        {"GET", "/v1/services", Access::read, list_services, {"group"}},
        {"GET", "/v1/services/{name}", Access::read, get_service},
        {"PUT", "/v1/services/{name}", Access::admin, put_service, {}, true},
        {"DELETE", "/v1/services/{name}", Access::admin, delete_service, {"wait"}},
        {"POST", "/v1/services/{name}/start", Access::operate, start_service, {"wait"}},
        {"POST", "/v1/services/{name}/stop", Access::operate, stop_service, {"wait"}},
        {"POST", "/v1/services/{name}/restart", Access::operate, restart_service, {"wait"}},
        {"POST", "/v1/services/{name}/reload", Access::operate, reload_service, {"wait"}},
        {"POST", "/v1/services/{name}/signal", Access::operate, signal_service, {"wait"}, true},
        {"POST", "/v1/services/{name}/hold", Access::operate, hold_service, {"wait"}},
        {"POST", "/v1/services/{name}/release", Access::operate, release_service, {"wait"}},
        {"POST", "/v1/services/{name}/reset", Access::operate, reset_service, {"wait"}},
        {"GET", "/v1/services/{name}/why", Access::read, get_why},

        {"GET", "/v1/groups", Access::read, list_groups},
        {"POST", "/v1/groups/{name}/start", Access::operate, start_group, {"wait"}},
        {"POST", "/v1/groups/{name}/stop", Access::operate, stop_group, {"wait"}},
        {"POST", "/v1/groups/{name}/restart", Access::operate, restart_group, {"wait"}},

        {"GET", "/v1/jobs", Access::read, list_jobs},
        {"GET", "/v1/jobs/{name}", Access::read, get_job},
        {"POST", "/v1/jobs/{name}/run", Access::read, run_job, {"wait"}}, // operate, or who the job allows

        {"GET", "/v1/operations", Access::read, list_operations, {"service", "state", "after", "limit"}},
        {"GET", "/v1/operations/{id}", Access::read, get_operation, {"wait"}},
        {"DELETE", "/v1/operations/{id}", Access::operate, abort_operation},

        {"GET",
         "/v1/runs",
         Access::read,
         list_runs,
         {"name", "kind", "state", "outcome", "parent", "since", "min_duration", "after", "limit"}},
        {"POST", "/v1/runs", Access::admin, post_run, {"wait"}, true},
        {"GET", "/v1/runs/{id}", Access::read, get_run, {"wait"}},
        {"PUT", "/v1/runs/{id}", Access::admin, put_run, {"wait", "after"}, true},
        {"DELETE", "/v1/runs/{id}", Access::operate, cancel_run, {"wait"}},
        {"GET", "/v1/runs/{id}/output", Access::read, get_run_output, {"follow", "after"}},

        {"GET",
         "/v1/logs",
         Access::read,
         get_logs,
         {"service", "run", "since", "until", "grep", "follow", "after", "limit"}},
    };
    return table;
}

} // namespace processd::api
