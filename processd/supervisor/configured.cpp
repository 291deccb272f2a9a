// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/configured.h"

#include "helpers/base/log.h"
#include "processd/loop/work.h"
#include "processd/store/state.h"
#include "processd/supervisor/sources.h"

#include <cstdio>
#include <map>

namespace processd::supervisor {
namespace {

void log_warnings(const config::Loaded& loaded)
{
    for (const auto& warning : loaded.warnings)
        base::log::warning("the configuration may not mean what it says", {{"warning", config::format(warning)}});
}

constexpr base::Duration settle = std::chrono::milliseconds{300}; // an editor's or package manager's few writes

} // namespace

Configured::Configured(loop::Loop& loop, store::State& state, std::string directory)
    : loop_(loop),
      state_(state),
      directory_(std::move(directory)),
      watches_(loop, [this](const std::string&, const std::string&) { look(); }),
      self_(std::make_shared<Configured*>(this))
{
    while (directory_.size() > 1 && directory_.back() == '/') directory_.pop_back();
}
Configured::~Configured() { *self_ = nullptr; }

bool Configured::take(const config::Loaded& found)
{
    if (!found) {
        std::fputs(config::check_report(directory_, found).c_str(), stderr);
        return false;
    }
    log_warnings(found);
    in_force_ = *found;
    loaded_ = base::wall_now();
    return true;
}

bool Configured::take_up()
{
    config::Problems problems;
    auto stored = stored_sources(state_);
    const bool lost = !stored;
    if (lost) {
        base::log::error("the configuration in force cannot be read back; the one on disk is taken",
                         {{"reason", stored.error().message()}});
        stored = config::read_directory(directory_, problems);
    }
    auto transient = stored_transient(state_, aside_);
    const auto found = fit(*stored, problems, std::move(transient), aside_);
    for (const auto& [name, reason] : aside_)
        base::log::error("a transient service is not in force", {{"service", name}, {"reason", reason}});
    if (!take(found)) return false;
    if (lost) state_.keep({sources_change(*stored)});
    return true;
}

bool Configured::begin(std::vector<store::Change> with_this)
{
    config::Problems problems;
    const auto sources = config::read_directory(directory_, problems);
    if (!take(config::interpret(sources, std::move(problems)))) return false;
    with_this.push_back(sources_change(sources));
    const auto saved = state_.apply(with_this);
    if (!saved) base::log::error("the state directory cannot be written", {{"reason", saved.error().message()}});
    return saved.has_value();
}

std::vector<config::SourceSet> Configured::files() const
{
    return stored_sources(state_).value_or(std::vector<config::SourceSet>{});
}

std::vector<config::SourceSet> Configured::sources() const
{
    auto all = files();
    for (auto& set : transient()) all.push_back(std::move(set));
    return all;
}

void Configured::read(std::function<void(Candidate)> done)
{
    struct Read {
        config::Problems problems;
        std::vector<config::SourceSet> sources;
    };
    const auto read = std::make_shared<Read>();
    loop::work(
        loop_, [read, dir = directory_] { read->sources = config::read_directory(dir, read->problems); },
        [this, read, self = self_, done = std::move(done)] {
            if (*self == nullptr) return;
            auto all = read->sources;
            for (auto& set : transient()) all.push_back(std::move(set));
            auto found = config::interpret(all, std::move(read->problems));
            done({std::move(read->sources), std::move(found)});
        });
}

base::Result<void> Configured::accept(Candidate candidate)
{
    if (auto saved = state_.apply({sources_change(candidate.sources)}); !saved) {
        error_ = saved.error().message();
        return saved;
    }
    log_warnings(candidate.found);
    in_force_ = *std::move(candidate.found);
    loaded_ = base::wall_now();
    error_.clear();
    names_.clear();
    for (const auto& set : candidate.sources) names_.insert(set.name);
    watch_paths();
    looked({});
    return {};
}

std::vector<config::FileChange> Configured::differences(const Candidate& candidate) const
{
    return config::compare(files(), candidate.sources);
}

void Configured::watch()
{
    for (const auto& set : files()) names_.insert(set.name);
    watch_paths();
}

// Drop-ins count though their directory is made later, or filled after that.
void Configured::watch_paths()
{
    std::map<std::string, base::Duration> paths{{directory_, settle}};
    const auto add = [&](const std::string& name) { paths[directory_ + "/" + name + ".d"] = settle; };
    add("processd");
    for (const auto& name : names_) add(name);
    for (const auto& [name, service] : in_force_.services) add(name);
    for (const auto& [name, job] : in_force_.jobs) add(name);
    watches_.set(paths);
}

void Configured::look()
{
    look_again_ = std::exchange(looking_, true);
    if (look_again_) return;
    struct Read {
        std::vector<config::SourceSet> sources;
    };
    const auto read = std::make_shared<Read>();
    loop::work(
        loop_,
        [read, dir = directory_] {
            config::Problems ignored; // a reload tells them
            read->sources = config::read_directory(dir, ignored);
        },
        [this, read, self = self_] {
            if (*self == nullptr) return;
            looking_ = false;
            if (look_again_) return look();
            for (const auto& set : read->sources) names_.insert(set.name);
            watch_paths();
            looked(config::compare(files(), read->sources));
        });
}

void Configured::looked(std::vector<config::FileChange> differs)
{
    if (differs.empty()) error_.clear(); // what was refused is not there any more
    if (differs == differs_) return;
    differs_ = std::move(differs);
    if (on_disk_changed) on_disk_changed();
}

} // namespace processd::supervisor
