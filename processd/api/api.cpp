// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/api.h"

#include "processd/api/access_rules.h"
#include "processd/api/context.h"
#include "processd/api/route.h"
#include "processd/api/server.h"

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

std::map<std::string, model::AccessRule> jobs_access(const model::Configuration& configuration)
{
    std::map<std::string, model::AccessRule> rules;
    for (const auto& [name, job] : configuration.jobs) rules[name] = job.allow;
    return rules;
}

} // namespace

struct Api::Impl {
    loop::Loop& loop;
    base::UniqueFd listening;
    Context context;
    AccessRules access;
    loop::Timer patience;
    std::optional<Server> server;

    Impl(loop::Loop& l, supervisor::Supervisor& s, base::UniqueFd fd)
        : loop(l),
          listening(std::move(fd)),
          context{s,      {l, s.runs(), s.operations()}, Later{l}, {s, program_beside("processd-abilities")}, nullptr,
                  nullptr},
          access(s.runs(), program_beside("processd-prepare")),
          patience(l, [this] { serve(); })
    {
        access.on_complete = [this] { serve(); };
        context.access = &access;
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
            [this](const Peer& peer) { return access.level_of(peer); },
            [this](const ExchangePtr& exchange) { dispatch(context, exchange); });
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

} // namespace processd::api
