// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/load.h"

#include "processd/config/daemon_keys.h"
#include "processd/config/declaration.h"
#include "processd/config/log_keys.h"
#include "processd/config/references.h"
#include "processd/config/table_reader.h"

#include <algorithm>

namespace processd::config {
namespace {

constexpr std::string_view daemon_name = "processd";

std::vector<std::string> paths_of(const SourceSet& set)
{
    std::vector<std::string> paths;
    for (const auto& file : set.files) paths.push_back(file.path);
    if (paths.empty()) paths.push_back(set.name);
    return paths;
}

// The merged document; nothing when a file is no TOML.
std::optional<Table> document_of(const SourceSet& set, Complaints& complaints)
{
    std::optional<Table> document{Table{}};
    for (std::size_t i = 0; i < set.files.size(); ++i) {
        auto table = parse(set.files[i].text, i, complaints);
        if (!table)
            document.reset();
        else if (document)
            merge(*document, *std::move(table));
    }
    return document;
}

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
    for (const auto& set : sets) {
        auto paths = paths_of(set);
        Complaints complaints{paths};
        if (set.name != daemon_name) {
            if (!is_service_name(set.name)) {
                complaints.add({}, "",
                               "a service's name is the file's: 1 to 64 of a-z 0-9 _ . @ - and a letter or "
                               "digit first, so " +
                                   quoted(set.name) + " cannot be one");
                complaints.hand_over(problems);
                continue;
            }
            if (!set.has_main) {
                complaints.add({}, "", "is a drop-in for a service without a file: there is no " + set.name + ".toml");
                complaints.hand_over(problems);
                continue;
            }
        }
        const auto document = document_of(set, complaints);
        if (set.name == daemon_name) {
            logs.known = document && set.complete;
            logs.paths = paths;
        }
        if (set.name == daemon_name) {
            if (document && set.complete) configuration.daemon = read_daemon(*document, complaints, logs.places);
        } else {
            Declaration found;
            if (document && set.complete) found = read_declaration(set.name, *document, complaints);
            if (auto* service = std::get_if<ServiceFile>(&found))
                declared.services[set.name] = {std::move(*service), std::move(paths)};
            else if (auto* job = std::get_if<JobFile>(&found))
                declared.jobs[set.name] = {std::move(*job), std::move(paths)};
            else
                declared.unknown.insert(set.name);
        }
        complaints.hand_over(problems);
    }
    check_references(declared, problems);
    logs.spec = configuration.daemon.logs;
    check_logs(logs, declared, problems);
    if (!problems.empty()) {
        sort(problems);
        return tl::unexpected(std::move(problems));
    }
    for (auto& [name, named] : declared.services) configuration.services[name] = std::move(named.file.spec);
    for (auto& [name, named] : declared.jobs) configuration.jobs[name] = std::move(named.file.spec);
    return configuration;
}

std::string check_report(std::string_view directory, const Loaded& loaded)
{
    if (loaded) {
        auto report = std::string(directory) + ": " + plural(loaded->services.size(), "service");
        const auto hooks = static_cast<std::size_t>(std::count_if(loaded->jobs.begin(), loaded->jobs.end(),
                                                                  [](const auto& entry) { return entry.second.hook; }));
        if (loaded->jobs.size() > hooks) report += ", " + plural(loaded->jobs.size() - hooks, "job");
        if (hooks > 0) report += ", " + plural(hooks, "hook");
        return report + ", all well\n";
    }
    std::string report;
    for (const auto& problem : loaded.error()) report += format(problem) + "\n";
    return report + std::string(directory) + ": " + plural(loaded.error().size(), "problem") + "\n";
}

base::Error as_error(const Problems& problems)
{
    std::string text = format(problems.front());
    if (problems.size() > 1) text += " (and " + plural(problems.size() - 1, "more problem") + ")";
    return {base::make_error_code(base::Errc::bad_input), std::move(text)};
}

} // namespace processd::config
