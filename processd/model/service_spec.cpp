// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/service_spec.h"

namespace processd::model {

ServiceSpec in_force(const ServiceSpec& configured, const ServiceSpec& begun)
{
    auto spec = configured;
    spec.process = begun.process;
    spec.runtime_directory = begun.runtime_directory;
    spec.pre_start = begun.pre_start;
    spec.ready = begun.ready;
    spec.watchdog = begun.watchdog; // the process was told of it
    return spec;
}

std::string_view name_of(Access access)
{
    switch (access) {
    case Access::none: return "none";
    case Access::read: return "read";
    case Access::operate: return "operate";
    case Access::admin: return "admin";
    }
    return "none";
}

std::string_view name_of(ReadyKind kind)
{
    switch (kind) {
    case ReadyKind::none: return "none";
    case ReadyKind::notify: return "notify";
    case ReadyKind::fd: return "fd";
    case ReadyKind::output: return "output";
    case ReadyKind::probe: return "probe";
    }
    return "none";
}

std::string_view name_of(RestartPolicy policy)
{
    switch (policy) {
    case RestartPolicy::always: return "always";
    case RestartPolicy::on_failure: return "on-failure";
    case RestartPolicy::never: return "never";
    }
    return "never";
}

} // namespace processd::model
