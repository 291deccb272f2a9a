// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/load.h"

#include "processd/config/daemon_keys.h"
#include "processd/config/log_keys.h"
#include "processd/config/references.h"
#include "processd/config/service_keys.h"
#include "processd/config/table_reader.h"

#include <set>

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
    std::map<std::string, NamedFile> files;
    std::set<std::string> names;
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
            names.insert(set.name);
        }
        const auto document = document_of(set, complaints);
        if (set.name == daemon_name) {
            logs.known = document && set.complete;
            logs.paths = paths;
        }
        if (document && set.complete) {
            if (set.name == daemon_name)
                configuration.daemon = read_daemon(*document, complaints, logs.places);
            else
                files[set.name] = {read_service(set.name, *document, complaints), std::move(paths)};
        }
        complaints.hand_over(problems);
    }
    check_references(files, names, problems);
    logs.spec = configuration.daemon.logs;
    check_logs(logs, files, problems);
    if (!problems.empty()) {
        sort(problems);
        return tl::unexpected(std::move(problems));
    }
    for (auto& [name, named] : files) configuration.services[name] = std::move(named.file.spec);
    return configuration;
}

std::string check_report(std::string_view directory, const Loaded& loaded)
{
    if (loaded) return std::string(directory) + ": " + plural(loaded->services.size(), "service") + ", all well\n";
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
