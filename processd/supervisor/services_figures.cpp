// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/services_impl.h"

namespace processd::supervisor {

std::vector<ServiceFigures> Services::figures() const
{
    std::vector<ServiceFigures> all;
    for (const auto& [name, entry] : impl_->services) {
        ServiceFigures figures;
        figures.name = name;
        figures.state = model::service::name_of(entry.machine);
        figures.wanted = entry.machine.wanted;
        figures.since = entry.since;
        figures.restarts = entry.machine.restarts;
        for (const auto& spec : entry.spec.checks) {
            const auto check = entry.checks.find(spec.name);
            figures.checks.emplace_back(spec.name, check != entry.checks.end() && check->second.machine.failing);
        }
        figures.run = entry.main;
        figures.pid = impl_->runs.living_pid(entry.main);
        all.push_back(std::move(figures));
    }
    return all;
}

} // namespace processd::supervisor
