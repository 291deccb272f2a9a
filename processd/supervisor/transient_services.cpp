// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/transient_services.h"

#include "helpers/base/log.h"
#include "processd/supervisor/config_json.h"
#include "processd/supervisor/journal.h"
#include "processd/supervisor/services.h"

#include <algorithm>

namespace processd::supervisor {
namespace {

// With nothing but this one.
model::Configuration only(const model::Configuration& all, const std::string& name)
{
    model::Configuration one;
    if (const auto found = all.services.find(name); found != all.services.end()) one.services.insert(*found);
    return one;
}

const char* name_of(Configured::Declared declared)
{
    return declared == Configured::Declared::created ? "created" : "changed";
}

} // namespace

TransientServices::TransientServices(Configured& configured, Services& services, Operations& operations,
                                     Journal& journal)
    : configured_(configured), services_(services), operations_(operations), journal_(journal)
{
}

void TransientServices::apply() { journal_.targets().apply(plan_logs(configured_.in_force())); }

Configured::OrRefused<TransientServices::Answer>
TransientServices::put(const std::string& name, const std::string& text, const model::Identity& by)
{
    const auto before = only(configured_.in_force(), name);
    const auto declared = configured_.declare(name, text, {model::sentence(by), base::wall_now()});
    if (!declared) return tl::unexpected(declared.error());
    Answer answer{declared->declared, nlohmann::json::array(), declared->warnings, {}};
    if (*declared == Configured::Declared::unchanged) return answer;
    const auto now = only(configured_.in_force(), name);
    answer.changes = changes_json(config::compare(before, now, services_.running()));
    base::log::info("transient service declared",
                    {{"service", name}, {"by", model::sentence(by)}, {"result", name_of(declared->declared)}});
    apply();
    const auto started = services_.apply(configured_.in_force().services);
    // One that is on its way down from an earlier life is new, too.
    const bool created = *declared == Configured::Declared::created && now.services.at(name).auto_start;
    if (!created && std::find(started.begin(), started.end(), name) == started.end()) return answer;
    // It starts whether or not this can be put on record: so it is configured.
    if (auto operation = services_.start(name, by); operation) answer.operation = *std::move(operation);
    return answer;
}

Configured::OrRefused<Operation> TransientServices::remove(const std::string& name, const model::Identity& by)
{
    if (auto may = configured_.may_withdraw(name); !may) return tl::unexpected(may.error());
    // Stopped first: a manager that dies in between leaves one that is down and can be removed once more.
    auto operation = services_.stop(name, by);
    if (!operation && operation.error().code == base::Errc::not_found) { // was set aside, and nothing of it runs
        operation = operations_.begin("stop", name, by);
        if (operation) operations_.finish(operation->id, "ok", "nothing of it was running");
    }
    if (!operation) return tl::unexpected(Configured::Refused{operation.error()});
    if (auto done = configured_.withdraw(name); !done) return tl::unexpected(done.error());
    base::log::info("transient service removed", {{"service", name}, {"by", model::sentence(by)}});
    apply();
    services_.apply(configured_.in_force().services);
    return *operations_.get(operation->id);
}

} // namespace processd::supervisor
