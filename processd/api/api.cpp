// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/api.h"

#include "processd/api/access_rules.h"
#include "processd/api/context.h"
#include "processd/api/request_tally.h"
#include "processd/api/route.h"
#include "processd/api/server.h"
#include "processd/supervisor/metrics.h"

#include <array>
#include <optional>

namespace processd::api {
namespace {

constexpr base::Duration patience_with_names = std::chrono::seconds{6};

// Programs of ours lie beside this one.
std::string program_beside(const char* name)
{
    std::array<char, 4096> path{};
    const auto n = ::readlink("/proc/self/exe", path.data(), path.size());
    const std::string_view self(path.data(), n > 0 ? static_cast<std::size_t>(n) : 0U);
    return std::string(self.substr(0, self.rfind('/') + 1)) + name;
}

JobRules jobs_access(const model::Configuration& configuration)
{
    JobRules rules;
    for (const auto& [name, job] : configuration.jobs) rules[name] = job.allow;
    return rules;
}

} // namespace

struct Api::Impl {
    loop::Loop& loop;
    base::UniqueFd listening;
    RequestTally tally;
    Context context;
    AccessRules access;
    loop::Timer patience;
    std::optional<Server> server;

    Impl(loop::Loop& l, supervisor::Supervisor& s, base::UniqueFd fd)
        : loop(l),
          listening(std::move(fd)),
          tally(s.metrics().counters(), [&metrics = s.metrics()] { metrics.changed(); }),
          context{s,        {l, s.runs(), s.operations()},
                  Later{l}, {s, program_beside("processd-abilities")},
                  tally,    {},
                  nullptr,  nullptr},
          access(s.runs(), program_beside("processd-prepare")),
          patience(l, [this] { serve(); })
    {
        context.access = &access;
        access.on_complete([this] { serve(); });
        access.configure(s.daemon().access, jobs_access(s.configuration()));
        if (access.complete())
            serve();
        else
            patience.at(base::now() + patience_with_names);
    }

    void serve()
    {
        if (server) return;
        patience.cancel();
        server.emplace(
            loop, std::move(listening), bounds_from(context.supervisor.daemon()),
            [this](const Peer& peer) { return access.granted(peer).level; },
            [this](const ExchangePtr& exchange) { dispatch(context, exchange); });
        server->on_refused = [this](RequestTally::Refused why, const Peer& peer) {
            tally.refused(why);
            log_refusal(context.refusals, peer,
                        why == RequestTally::Refused::access ? "a connection, as no rule gives this user a level"
                                                             : "a connection, as there are too many");
        };
        server->on_unreadable = [this](int status) { tally.unreadable(status); };
        context.server = &*server;
    }
};

Api::Api(loop::Loop& loop, supervisor::Supervisor& supervisor, base::UniqueFd listening)
    : impl_(std::make_unique<Impl>(loop, supervisor, std::move(listening)))
{
}
Api::~Api() = default;

void Api::configure(const model::Configuration& configuration)
{
    impl_->access.configure(configuration.daemon.access, jobs_access(configuration));
    if (impl_->server) impl_->server->set_bounds(bounds_from(configuration.daemon));
}

void Api::leave()
{
    impl_->patience.cancel();
    impl_->context.waits.let_go();
    if (impl_->server) impl_->server->stop_accepting();
}

} // namespace processd::api
