// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/references.h"

#include "processd/config/table_reader.h"
#include "processd/config/template.h"

#include <algorithm>

namespace processd::config {
namespace {

using Files = std::map<std::string, NamedFile>;

// Depth first search that reports each way back to a service still being visited, once.
class Circles {
public:
    Circles(const Files& files, Problems& problems) : files_(files), problems_(problems) {}

    void find()
    {
        for (const auto& entry : files_) visit(entry.first);
    }

private:
    void visit(const std::string& name)
    {
        const auto found = files_.find(name);
        if (found == files_.end() || !visited_.insert(name).second) return;
        path_.push_back(name);
        // A service may stand in two of the three lists; that is one way, not two.
        std::set<std::string> followed;
        for (const auto& reference : found->second.file.references) {
            if (!followed.insert(reference.to).second) continue;
            const auto back = std::find(path_.begin(), path_.end(), reference.to);
            if (back == path_.end())
                visit(reference.to);
            else
                report(back, found->second, reference);
        }
        path_.pop_back();
    }

    void report(std::vector<std::string>::const_iterator first, const NamedFile& from, const Reference& reference)
    {
        std::string circle;
        for (auto at = first; at != path_.end(); ++at) circle += *at + " -> ";
        circle += *first;
        problems_.push_back(problem_at(from.origin, reference.place, "service." + reference.key,
                                       "services wait for each other: " + circle + "; take one of these out"));
    }

    const Files& files_;
    Problems& problems_;
    std::set<std::string> visited_;
    std::vector<std::string> path_;
};

// Of the file that would declare it too little is known to say that it does not.
bool is_unknown(const Declared& declared, const std::string& name)
{
    const auto instance = instance_of(name);
    return declared.unknown.contains(name) || (instance && declared.unknown.contains(std::string(instance->family)));
}

std::string what_is_missing(const Declared& declared, const std::string& to,
                            const std::vector<std::string_view>& candidates, bool jobs)
{
    if (declared.templates.contains(to))
        return "a template: name one of its instances, like " + quoted(to + "a") + did_you_mean(to, candidates);
    const auto name = instance_of(to);
    const auto found = declared.templates.find(name ? std::string(name->family) : std::string());
    if (found == declared.templates.end())
        return (jobs ? "no service or job here" : "no service here") + did_you_mean(to, candidates);
    return "an instance that nothing declares: add " + quoted(name->instance) + " to \"instances\" in " +
           found->second + ", or make " + to + ".toml, which may be empty" + did_you_mean(to, candidates);
}

// jobs: whose failures can be waited for as well.
void check_names(const Declared& declared, const std::string& name, const std::string& table,
                 const std::vector<Reference>& references, const Origin& origin, bool jobs, Problems& problems)
{
    std::vector<std::string_view> candidates;
    // What is on disk must not depend on what vanishes with the daemon.
    const auto reachable = [&](const NamedFile& other) { return !other.origin.transient || origin.transient; };
    for (const auto& entry : declared.services)
        if (reachable(entry.second)) candidates.push_back(entry.first);
    for (const auto& entry : declared.jobs)
        if (jobs) candidates.push_back(entry.first);
    for (const auto& unknown : declared.unknown) candidates.push_back(unknown);
    std::erase(candidates, name); // nothing waits for itself
    for (const auto& [key, to, place] : references) {
        const bool job = declared.jobs.contains(to);
        const auto service = declared.services.find(to);
        if (service != declared.services.end() && !reachable(service->second)) {
            problems.push_back(
                problem_at(origin, place, table + "." + key,
                           quoted(key) + " names " + quoted(to) +
                               ", which is transient and ends with the daemon: a file cannot rely on it"));
            continue;
        }
        if (service != declared.services.end() || is_unknown(declared, to) || (job && jobs)) continue;
        problems.push_back(problem_at(origin, place, table + "." + key,
                                      quoted(key) + " names " + quoted(to) +
                                          (job ? ", which is no service but a job"
                                               : ", which is " + what_is_missing(declared, to, candidates, jobs))));
    }
}

void check_runtime_directories(const Files& files, Problems& problems)
{
    std::map<std::string, std::string> owners;
    for (const auto& [name, named] : files) {
        const auto& directory = named.file.spec.runtime_directory;
        if (!directory) continue;
        const auto [owner, first] = owners.emplace(*directory, name);
        if (!first)
            problems.push_back(problem_at(named.origin, named.file.runtime_directory_place, "service.runtime_directory",
                                          quoted(*directory) + " is the runtime directory of " + owner->second +
                                              " too, and either would remove it when it stops"));
    }
}

void check_jobs(const Declared& declared, const NamedFile& named, Problems& problems)
{
    std::vector<std::string_view> candidates;
    for (const auto& entry : declared.jobs) candidates.push_back(entry.first);
    for (const auto& [key, to, place] : named.file.jobs)
        if (!declared.jobs.contains(to) && !declared.unknown.contains(to))
            problems.push_back(
                problem_at(named.origin, place, "service." + key,
                           R"("job" names )" + quoted(to) + ", which is no job here" + did_you_mean(to, candidates)));
}

} // namespace

void check_references(const Declared& declared, Problems& problems)
{
    for (const auto& [name, named] : declared.services) check_jobs(declared, named, problems);
    for (const auto& [name, named] : declared.services)
        check_names(declared, name, "service", named.file.references, named.origin, false, problems);
    for (const auto& [name, named] : declared.jobs)
        check_names(declared, name, named.file.spec.hook ? "hook" : "job", named.file.references, named.origin,
                    named.file.spec.hook, problems);
    Circles{declared.services, problems}.find();
    check_runtime_directories(declared.services, problems);
}

} // namespace processd::config
