// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/references.h"

#include "processd/config/table_reader.h"

#include <algorithm>

namespace processd::config {
namespace {

using Files = std::map<std::string, NamedFile>;

Problem problem_at(const NamedFile& named, const Place& place, std::string key, std::string message)
{
    return {named.paths[place.file], place.line, place.column, std::move(key), std::move(message)};
}

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
        problems_.push_back(problem_at(from, reference.place, "service." + reference.key,
                                       "services wait for each other: " + circle + "; take one of these out"));
    }

    const Files& files_;
    Problems& problems_;
    std::set<std::string> visited_;
    std::vector<std::string> path_;
};

void check_names(const Files& files, const std::set<std::string>& names, Problems& problems)
{
    for (const auto& [name, named] : files) {
        std::vector<std::string_view> candidates(names.begin(), names.end());
        std::erase(candidates, name); // nothing waits for itself
        for (const auto& reference : named.file.references)
            if (!names.contains(reference.to))
                problems.push_back(problem_at(named, reference.place, "service." + reference.key,
                                              quoted(reference.key) + " names " + quoted(reference.to) +
                                                  ", which is no service here" +
                                                  did_you_mean(reference.to, candidates)));
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
            problems.push_back(problem_at(named, named.file.runtime_directory_place, "service.runtime_directory",
                                          quoted(*directory) + " is the runtime directory of " + owner->second +
                                              " too, and either would remove it when it stops"));
    }
}

} // namespace

void check_references(const Files& files, const std::set<std::string>& names, Problems& problems)
{
    check_names(files, names, problems);
    Circles{files, problems}.find();
    check_runtime_directories(files, problems);
}

} // namespace processd::config
