// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/supervisor.h"

#include "helpers/base/log.h"
#include "processd/loop/keeper_client.h"
#include "processd/model/json.h"
#include "processd/output/log_store.h"
#include "processd/store/store.h"
#include "processd/supervisor/api_socket.h"
#include "processd/supervisor/config_json.h"
#include "processd/supervisor/configured.h"
#include "processd/supervisor/departure.h"
#include "processd/supervisor/host.h"
#include "processd/supervisor/journal.h"
#include "processd/supervisor/keeper_abilities.h"
#include "processd/supervisor/memory.h"
#include "processd/supervisor/metrics.h"
#include "processd/supervisor/system_json.h"

#include <array>
#include <nlohmann/json.hpp>

namespace processd::supervisor {
namespace {

using nlohmann::json;

constexpr int exit_configuration = 2;
constexpr int exit_lost = 1;

} // namespace

// Made step by step: the channel at once, the rest with the keeper's HELLO. Destroyed in reverse.
struct Supervisor::Impl {
    loop::Loop& loop;
    Directories directories;
    std::string prepare_program;
    Events events;
    base::WallTime started = base::wall_now();

    protocol::Hello hello{};
    base::UniqueFd listening;
    bool restored = false;
    bool is_stopping = false;
    bool is_stopped = false; // and the keeper was told
    base::WallTime stop_deadline{};
    std::uint32_t log_level = 0;

    std::optional<store::Store> store;
    loop::KeeperClient keeper;
    std::optional<Configured> configured;
    std::optional<Metrics> metrics;
    std::optional<output::LogStore> logs;
    std::optional<Changes> changes;
    std::optional<Journal> journal;
    std::optional<Operations> operations;
    std::optional<Runs> runs;
    std::optional<Jobs> jobs;
    std::optional<Services> services;
    std::optional<TransientServices> transient;
    std::optional<Upgrade> upgrade;
    std::optional<Departure> departure;
    std::optional<Memory> memory;
    std::optional<ApiSocket> socket;
    std::vector<Subscription> subscriptions;
    loop::Timer sync_timer;
    loop::Timer state_retry;

    Impl(loop::Loop& l, base::UniqueFd channel, Directories d, const std::string& program_directory, Events e)
        : loop(l),
          directories(std::move(d)),
          prepare_program(program_directory + "/processd-prepare"),
          events(std::move(e)),
          keeper(l, std::move(channel), keeper_events()),
          sync_timer(l,
                     [this] {
                         if (store && store->dirty()) store->sync_soon();
                     }),
          state_retry(l, [this] {
              if (!store->state().retry()) state_retry.at(base::now() + std::chrono::seconds{1});
          })
    {
    }

    loop::KeeperEvents keeper_events()
    {
        loop::KeeperEvents e;
        e.on_hello = [this](const protocol::Hello& h, base::UniqueFd fd) { greeted(h, std::move(fd)); };
        e.on_child = [this](const protocol::ChildState& state, std::string_view cookie,
                            std::vector<base::UniqueFd> fds) {
            if (runs) runs->told(state, cookie, std::move(fds));
        };
        e.on_figures = [this](const protocol::Figures& figures) {
            if (metrics) metrics->told(figures);
        };
        e.on_upgrade = [this](const protocol::Upgrade& answer) {
            if (upgrade) upgrade->told(answer);
        };
        e.on_hello_end = [this] { taken_over(); };
        e.on_stop = [this](base::Time deadline) { begin_stop(deadline); };
        e.on_reload = [this] {
            if (journal) journal->targets().reopen();
            reload({}, [](const base::Result<json>&, const json&) {});
        };
        e.on_lost = [this](const base::Error& error) {
            if (is_stopped) return events.on_exit(0);
            base::log::error("the keeper is gone", {{"reason", error.message()}});
            events.on_exit(exit_lost);
        };
        return e;
    }

    void greeted(const protocol::Hello& h, base::UniqueFd fd)
    {
        hello = h;
        listening = std::move(fd);
        keeper.set_request_base((std::uint64_t{h.incarnation} << 40U) + 1);
        auto opened = store::Store::open(directories.state, {});
        if (!opened) {
            base::log::error("the state directory cannot be used", {{"reason", opened.error().message()}});
            return events.on_exit(exit_configuration);
        }
        store.emplace(*std::move(opened));
        store->state().on_waiting = [this] {
            if (!state_retry.armed()) state_retry.at(base::now() + std::chrono::seconds{1});
        };
        const auto meta = store->state().get("meta");
        restored = h.incarnation > 1 && meta && meta->value("epoch", std::uint64_t{0}) == h.epoch;
        operations.emplace(store->state());
        operations->restore();
        if (!restored) operations->forget_open("the daemon was started anew");
        if (!load_configuration()) return events.on_exit(exit_configuration);
        const auto& d = configured->in_force().daemon;
        store->set_options({d.sync, {d.max_records, d.max_record_age}});
        const auto first = output::first_seq(h.incarnation);
        logs.emplace(h.epoch, first, d.log_memory_bytes);
        changes.emplace(h.epoch, first);
        metrics.emplace(loop, keeper, *store, hello);
        journal.emplace(loop, keeper, *logs, metrics->counters());
        runs.emplace(loop, keeper, store->records(), *journal, prepare_program);
        jobs.emplace(loop, *runs, *operations, store->state());
        services.emplace(loop, *runs, *operations, store->state(), prepare_program);
        services->on_edge = [this](const model::Edge& edge, const std::string& job) { return jobs->edge(edge, job); };
        transient.emplace(*configured, *services, *operations, *journal);
        upgrade.emplace(keeper, *operations, store->state(), hello);
        departure.emplace(loop, keeper, *runs, *journal, events.on_leave, [this] { events.on_exit(0); });
        upgrade->on_accepted = [this] { departure->begin(); };
        memory.emplace(loop, h.keeper_pid);
        socket.emplace(*runs, prepare_program, [this] { send_settings(); });
        metrics->watch({*runs, *services, *journal, *memory, [this] { return figures(); }});
        apply_daemon();
        follow_changes();
    }

    bool load_configuration()
    {
        configured.emplace(loop, store->state(), directories.config);
        if (restored) return configured->take_up();
        // In one transaction: a manager that finds this epoch must not find an earlier life's services beside it.
        std::vector<store::Change> all{store::change_of("meta", {{"epoch", hello.epoch}})};
        for (const auto kind : {std::string_view("service/"), std::string_view("job/"), transient_prefix})
            for (auto& key : store->state().keys(kind)) all.push_back({std::move(key), {}});
        return configured->begin(std::move(all));
    }

    void apply_daemon()
    {
        const auto& d = configured->in_force().daemon;
        base::log::set_level(d.log_level);
        using base::log::Level;
        log_level = static_cast<std::uint32_t>(d.log_level == "error"     ? Level::error
                                               : d.log_level == "warning" ? Level::warning
                                               : d.log_level == "debug"   ? Level::debug
                                                                          : Level::info);
        socket->configure(d.api);
        send_settings();
        journal->targets().apply(plan_logs(configured->in_force()));
        logs->set_max_bytes(d.log_memory_bytes);
        runs->set_limits({d.max_runs, d.tail_bytes});
        store->set_options({d.sync, {d.max_records, d.max_record_age}});
        events.on_configuration(configured->in_force());
    }

    void send_settings()
    {
        const auto owner = socket->owner();
        const auto& d = configured->in_force().daemon;
        keeper.settings({d.stop_budget.count(), d.api.socket_mode, log_level, owner.uid, owner.gid});
    }

    void follow_changes()
    {
        configured->on_disk_changed = [this] {
            changes->add("system", [&] {
                return json{{"config_differs_on_disk", files_json(configured->differs_on_disk())}};
            });
        };
        subscriptions.push_back(runs->on_change.subscribe([this](const model::RunRecord& record, Moment) {
            changes->add("run", [&] { return model::shown(record, false, false); });
            sync_later();
        }));
        subscriptions.push_back(runs->on_output.subscribe([this](const std::string&) { metrics->changed(); }));
        subscriptions.push_back(services->on_change.subscribe([this](const std::string& name) {
            const auto status = services->status(name);
            changes->add(status ? "service" : "service_gone", [&] { return status ? *status : json(name); });
            sync_later();
        }));
        subscriptions.push_back(jobs->on_change.subscribe([this](const std::string& name) {
            const auto status = jobs->status(name);
            changes->add(status ? "job" : "job_gone", [&] { return status ? *status : json(name); });
            sync_later();
        }));
        subscriptions.push_back(operations->on_change.subscribe([this](const Operation& operation) {
            changes->add("operation", [&] { return json(operation); });
            sync_later();
        }));
    }

    [[nodiscard]] ManagerFigures figures() const
    {
        ManagerFigures f{started,
                         configured->loaded(),
                         !configured->error().empty(),
                         !configured->differs_on_disk().empty(),
                         is_stopping,
                         {}};
        for (const auto& [name, spec] : configured->in_force().services) f.declared.insert(name);
        for (const auto& [name, job] : configured->in_force().jobs) f.declared.insert(name);
        return f;
    }

    void sync_later()
    {
        const auto& d = configured->in_force().daemon;
        if (d.sync == model::Sync::interval && !sync_timer.armed()) sync_timer.at(base::now() + d.sync_interval);
    }

    void taken_over()
    {
        if (!services) return;
        const auto& configuration = configured->in_force();
        jobs->load(configuration.jobs);
        services->load(configuration.services);
        runs->resume(hello.newest_line);
        memory->refresh();
        socket->look_up();
        send_settings(); // with owners that are numbers
        base::log::info("manager serves", {{"incarnation", hello.incarnation},
                                           {"services", configuration.services.size()},
                                           {"taken_up", hello.children}});
        configured->watch();
        events.on_serve(std::move(listening));
        keeper.ready();
        if (hello.stopping != 0) begin_stop(base::time_from_ns(hello.stop_deadline_ns));
        upgrade->resume();
    }

    void begin_stop(base::Time deadline)
    {
        stop_deadline = base::wall_now() + (deadline - base::now());
        is_stopping = true;
        changes->add("system", [] { return json{{"stopping", true}}; });
        jobs->stop();
        services->stop_all(deadline, [this](bool in_order) {
            if (!runs->flush())
                base::log::error("run records could not be written and end with this daemon",
                                 {{"runs", runs->waiting()}});
            base::log::info("everything is stopped");
            is_stopped = true;
            keeper.stopped(in_order);
        });
    }

    // What a reload would do with what is on disk now.
    json table_of(const Configured::Candidate& candidate)
    {
        auto running = services->running();
        running.merge(jobs->running());
        return changes_json(config::compare(configured->in_force(), *candidate.found, running));
    }

    void plan(Reloaded done)
    {
        configured->read([this, done = std::move(done)](const Configured::Candidate& candidate) {
            if (!candidate.found)
                return done(tl::unexpected(config::as_error(candidate.found.error())),
                            errors_json(candidate.found.error()));
            json stays = json::array();
            for (const auto& [name, spec] : configured->in_force().services)
                if (spec.transient) stays.push_back(name);
            done(json{{"changes", table_of(candidate)},
                      {"files", files_json(configured->differences(candidate))},
                      {"transient", std::move(stays)},
                      {"warnings", errors_json(candidate.found.warnings)}},
                 json::array());
        });
    }

    void reload(const std::optional<model::Identity>& by, Reloaded done)
    {
        configured->read([this, by = by ? model::sentence(*by) : "SIGHUP",
                          done = std::move(done)](Configured::Candidate candidate) {
            if (!candidate.found) {
                const auto error = config::as_error(candidate.found.error());
                configured->refuse(error.message());
                base::log::warning("the configuration on disk is wrong; what is in force stays",
                                   {{"by", by}, {"reason", configured->error()}});
                return done(base::fail(base::Errc::bad_input, error.message()), errors_json(candidate.found.error()));
            }
            const auto table = table_of(candidate);
            const auto warnings = errors_json(candidate.found.warnings);
            if (const auto saved = configured->accept(std::move(candidate)); !saved)
                return done(base::wrap("put the configuration on record", saved.error()), json::array());
            const auto& configuration = configured->in_force();
            apply_daemon();
            jobs->apply(configuration.jobs);
            services->apply(configuration.services);
            socket->look_up();
            send_settings();
            base::log::info("configuration loaded", {{"by", by},
                                                     {"services", configuration.services.size()},
                                                     {"jobs", configuration.jobs.size()},
                                                     {"changes", table.size()}});
            done(json{{"loaded", model::json_time(configured->loaded())}, {"changes", table}, {"warnings", warnings}},
                 json::array());
        });
    }

    json system()
    {
        return system_json({hello, started, directories, *configured, *services, *jobs, *runs, store->records(),
                            *operations, *journal, *memory, is_stopping, stop_deadline});
    }
};

Supervisor::Supervisor(loop::Loop& loop, base::UniqueFd keeper_channel, Directories directories,
                       std::string program_directory, Events events)
    : impl_(std::make_unique<Impl>(loop, std::move(keeper_channel), std::move(directories), program_directory,
                                   std::move(events)))
{
}
Supervisor::~Supervisor() = default;

Runs& Supervisor::runs() { return *impl_->runs; }
Services& Supervisor::services() { return *impl_->services; }
Jobs& Supervisor::jobs() { return *impl_->jobs; }
TransientServices& Supervisor::transient() { return *impl_->transient; }
Operations& Supervisor::operations() { return *impl_->operations; }
Changes& Supervisor::changes() { return *impl_->changes; }
Metrics& Supervisor::metrics() { return *impl_->metrics; }
output::LogStore& Supervisor::logs() { return *impl_->logs; }
const model::Configuration& Supervisor::configuration() const { return impl_->configured->in_force(); }
const model::DaemonSpec& Supervisor::daemon() const { return impl_->configured->in_force().daemon; }
std::vector<config::SourceSet> Supervisor::sources() const { return impl_->configured->sources(); }
json Supervisor::system() const { return impl_->system(); }
std::vector<std::string> Supervisor::ability_words() const { return supervisor::ability_words(impl_->hello); }
void Supervisor::plan(Reloaded done) { impl_->plan(std::move(done)); }
void Supervisor::reload(const std::optional<model::Identity>& by, Reloaded done) { impl_->reload(by, std::move(done)); }
void Supervisor::upgrade(const std::optional<model::Identity>& by, Upgrade::Done done)
{
    impl_->upgrade->ask(by, std::move(done));
}
bool Supervisor::stopping() const { return impl_->is_stopping; }

base::WallTime Supervisor::shutdown(const std::optional<model::Identity>& by)
{
    auto& m = *impl_;
    if (!m.is_stopping) {
        m.is_stopping = true;
        m.stop_deadline = base::wall_now() + m.configured->in_force().daemon.stop_budget;
        base::log::info("shutdown asked for", {{"by", by ? model::sentence(*by) : "the daemon"}});
        m.keeper.ask_stop();
    }
    return m.stop_deadline;
}

} // namespace processd::supervisor
