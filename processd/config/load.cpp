// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/load.h"

#include "processd/config/assembly.h"
#include "processd/config/daemon_keys.h"
#include "processd/config/declaration.h"
#include "processd/config/log_keys.h"
#include "processd/config/references.h"
#include "processd/config/table_reader.h"

#include <algorithm>

namespace processd::config {
namespace {

std::string plural(std::size_t count, std::string_view what)
{
    return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

} // namespace

Loaded load(const std::string& directory)
{
    Problems problems;
    const auto sets = read_directory(directory, problems);
    return interpret(sets, std::move(problems));
}

Loaded interpret(const std::vector<SourceSet>& sets, Problems problems)
{
    model::Configuration configuration;
    Declared declared;
    DaemonLogs logs;
    auto assembly = assemble(sets, problems);
    declared.templates = std::move(assembly.templates);
    declared.unknown = std::move(assembly.broken);
    for (auto& one : assembly.documents) {
        Complaints complaints{one.origin};
        if (one.name == daemon_name) {
            logs.known = one.document.has_value();
            logs.origin = one.origin;
            if (one.document) configuration.daemon = read_daemon(*one.document, complaints, logs.places);
        } else {
            Declaration found;
            if (one.document) found = read_declaration(one.name, *one.document, complaints);
            if (one.origin.transient && std::holds_alternative<JobFile>(found)) {
                complaints.add({0, 0, 0}, "", "only services can be transient: it must be a \"service\"");
                found = {};
            }
            if (auto* service = std::get_if<ServiceFile>(&found); service != nullptr && !one.sample)
                declared.services[one.name] = {std::move(*service), std::move(one.origin)};
            else if (auto* job = std::get_if<JobFile>(&found); job != nullptr && !one.sample)
                declared.jobs[one.name] = {std::move(*job), std::move(one.origin)};
            else if (!one.sample)
                declared.unknown.insert(one.name);
        }
        complaints.hand_over(problems);
    }
    check_references(declared, problems);
    logs.spec = configuration.daemon.logs;
    check_logs(logs, declared, problems);
    name_instances(problems);
    sort(problems);
    if (!std::all_of(problems.begin(), problems.end(), [](const auto& problem) { return problem.warning; }))
        return tl::unexpected(std::move(problems));
    for (auto& [name, named] : declared.services) configuration.services[name] = std::move(named.file.spec);
    for (const auto& set : sets)
        if (const auto service = configuration.services.find(set.name);
            set.transient && service != configuration.services.end())
            service->second.transient = set.transient;
    for (auto& [name, named] : declared.jobs) configuration.jobs[name] = std::move(named.file.spec);
    configuration.templates = std::move(declared.templates);
    Loaded loaded{std::move(configuration)};
    loaded.warnings = std::move(problems);
    return loaded;
}

std::string check_report(std::string_view directory, const Loaded& loaded)
{
    std::string report;
    for (const auto& problem : loaded ? loaded.warnings : loaded.error()) report += format(problem) + "\n";
    if (loaded) {
        report += std::string(directory) + ": " + plural(loaded->services.size(), "service");
        const auto hooks = static_cast<std::size_t>(std::count_if(loaded->jobs.begin(), loaded->jobs.end(),
                                                                  [](const auto& entry) { return entry.second.hook; }));
        if (loaded->jobs.size() > hooks) report += ", " + plural(loaded->jobs.size() - hooks, "job");
        if (hooks > 0) report += ", " + plural(hooks, "hook");
        return report + ", " + (loaded.warnings.empty() ? "all well" : plural(loaded.warnings.size(), "warning")) +
               "\n";
    }
    return report + std::string(directory) + ": " + plural(loaded.error().size(), "problem") + "\n";
}

base::Error as_error(const Problems& problems)
{
    std::string text = format(problems.front());
    if (problems.size() > 1) text += " (and " + plural(problems.size() - 1, "more problem") + ")";
    return {base::make_error_code(base::Errc::bad_input), std::move(text)};
}

} // namespace processd::config
