// SPDX-License-Identifier: GPL-3.0-or-later
// What Configured does with transient services.
#include "helpers/base/log.h"
#include "processd/config/json_table.h"
#include "processd/config/service_keys.h"
#include "processd/config/template.h"
#include "processd/store/state.h"
#include "processd/supervisor/configured.h"
#include "processd/supervisor/sources.h"

#include <algorithm>

namespace processd::supervisor {
namespace {

using base::Errc;

auto refused(Errc code, std::string why)
{
    return tl::unexpected(Configured::Refused{{base::make_error_code(code), std::move(why)}});
}

} // namespace

std::vector<config::SourceSet> Configured::transient() const
{
    auto aside = aside_; // one that cannot be read just now is in force all the same
    return stored_transient(state_, aside);
}

// The file that declares a service or job: its own, or its template's.
std::string Configured::file_of(const std::string& name) const
{
    const auto instance = config::instance_of(name);
    std::string found = "a file";
    for (const auto& set : files()) {
        if (set.files.empty()) continue;
        if (set.name == name) return set.files.front().path;
        if (instance && set.name == instance->family) found = set.files.front().path;
    }
    return found;
}

// Nothing is judged without what the files declare, or it would vanish.
Configured::OrRefused<config::Loaded> Configured::with(const std::vector<config::SourceSet>& transient) const
{
    auto all = stored_sources(state_);
    if (!all)
        return tl::unexpected(
            Refused{{all.error().code, "the configuration in force cannot be read back, so nothing can be added to it; "
                                       "reload first: " +
                                           all.error().message()}});
    std::copy(transient.begin(), transient.end(), std::back_inserter(*all));
    auto found = config::interpret(*all);
    if (!found) return tl::unexpected(Refused{config::as_error(found.error()), found.error()});
    return found;
}

Configured::OrRefused<Configured::Declaration> Configured::declare(const std::string& name, const std::string& text,
                                                                   model::Transient who)
{
    if (!config::is_service_name(name) || config::is_template(name))
        return refused(Errc::bad_input, "\"" + name +
                                            "\" cannot be the name of a service: 1 to 64 of a-z 0-9 _ . @ - " +
                                            "and a letter or digit first");
    const auto service = in_force_.services.find(name);
    const bool there = service != in_force_.services.end();
    if ((there && !service->second.transient) || in_force_.jobs.contains(name))
        return refused(Errc::conflict, "\"" + name + "\" is declared by " + file_of(name));
    auto all = transient();
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& set) { return set.name == name; });
    if (at != all.end() && config::same_declaration(at->files.front().text, text))
        return Declaration{Declared::unchanged};
    if (at == all.end() && all.size() + aside_.size() - aside_.count(name) >= max_transient)
        return refused(Errc::limit, "there are " + std::to_string(max_transient) +
                                        " transient services, and there can be no more; remove one first");
    const auto set = transient_set(name, text, std::move(who));
    if (at != all.end())
        *at = set;
    else
        all.push_back(set);
    auto found = with(all);
    if (!found) return tl::unexpected(found.error());
    if (auto saved = state_.apply({transient_change(set)}); !saved) return tl::unexpected(Refused{saved.error()});
    aside_.erase(name);
    Declaration done{there ? Declared::changed : Declared::created};
    for (auto& warning : found->warnings)
        if (warning.file == set.files.front().path) done.warnings.push_back(std::move(warning));
    in_force_ = **std::move(found);
    return done;
}

Configured::OrRefused<void> Configured::may_withdraw(const std::string& name) const
{
    if (aside_.contains(name)) return {};
    const auto service = in_force_.services.find(name);
    if (in_force_.jobs.contains(name) || (service != in_force_.services.end() && !service->second.transient))
        return refused(Errc::conflict,
                       "\"" + name + "\" is not transient: " + file_of(name) + " declares it; remove that and reload");
    if (service == in_force_.services.end())
        return refused(Errc::not_found, "there is no transient service \"" + name + "\"");
    auto rest = transient();
    std::erase_if(rest, [&](const auto& set) { return set.name == name; });
    const auto found = with(rest);
    if (found) return {};
    const auto& problems = found.error().problems;
    if (problems.empty()) return tl::unexpected(found.error());
    std::string who;
    for (const auto& problem : problems)
        if (!problem.warning)
            who += (who.empty() ? "" : ", ") + problem.file + (problem.key.empty() ? "" : " (" + problem.key + ")");
    return refused(Errc::conflict, "\"" + name + "\" is needed by " + who + "; remove or change that first");
}

Configured::OrRefused<void> Configured::withdraw(const std::string& name)
{
    if (auto may = may_withdraw(name); !may) return may;
    if (auto saved = state_.apply({transient_gone(name)}); !saved) return tl::unexpected(Refused{saved.error()});
    aside_.erase(name);
    in_force_.services.erase(name);
    return {};
}

} // namespace processd::supervisor
