// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/services_impl.h: the class behind Services. It is one; its parts are in files of their own:
// services.cpp what others ask for, services_course.cpp the machines and their runs, services_checks.cpp the checks of
// ready ones, services_order.cpp what one service means for others, services_operations.cpp the operations on them,
// services_take_up.cpp what an earlier manager left.
#pragma once

#include "processd/loop/loop.h"
#include "processd/supervisor/runs.h"
#include "processd/supervisor/service_entry.h"
#include "processd/supervisor/services.h"

#include <functional>
#include <random>

namespace processd::store {
struct Change;
}

namespace processd::supervisor {

inline constexpr base::Duration stop_reserve =
    std::chrono::seconds{2}; // of the stop budget, to see the killed ones off

struct Services::Impl {
    Services& owner;
    loop::Loop& loop;
    Runs& runs;
    Operations& operations;
    store::State& state;
    std::string prepare_program;
    ServiceMap services;
    std::map<std::string, std::string, std::less<>> service_of_run; // main and newest auxiliary runs
    std::mt19937_64 random{std::random_device{}()};
    Subscription run_changes, run_ready, run_notified;
    std::optional<base::Time> stop_deadline;
    std::function<void(bool in_order)> stop_done;
    std::unique_ptr<loop::Timer> stop_timer;
    bool budget_spent = false;
    loop::Deferred pump_soon;

    Impl(Services& o, loop::Loop& l, Runs& r, Operations& ops, store::State& s, std::string p);

    // A machine's input; its next state goes on record, then its actions are carried out.
    void send(ServiceEntry& entry, const model::service::Input& input);
    void arm(ServiceEntry& entry);
    void notified(ServiceEntry& entry); // main has said something
    void perform(ServiceEntry& entry, const model::service::Action& action);
    void start_run(ServiceEntry& entry, model::Role role, std::uint32_t index);
    void ask_probe(ServiceEntry& entry);
    void cancel(ServiceEntry& entry, const std::string& aux);
    void run_changed(const model::RunRecord& record, Moment moment);
    // Or have it wait: what services do does not wait for a disk. What the edges make of others goes along.
    void save(const ServiceEntry& entry) { save(entry, {}, {}); }
    void save(const ServiceEntry& entry, const std::vector<model::Edge>& edges, const std::string& job);
    static model::Edge edge_of(const ServiceEntry& entry, model::EdgeKind kind);
    static store::Change document(const ServiceEntry& entry);
    ServiceEntry* entry_of_run(const std::string& id);

    void pump();
    void want_start(ServiceEntry& entry, const std::string& by); // and all that it requires
    void stop_bound(const std::string& failed);
    // Who they are.
    std::vector<std::string> stop_dependents(const std::string& name, const std::string& by, bool restart);
    void want_stop(ServiceEntry& entry, const std::string& by, bool restart);
    void check_stop_all();
    void kill_rest();

    base::Result<ServiceEntry*> find(std::string_view name); // Errc::not_found names the nearest
    base::Result<Operation> operate(std::string_view name, const char* action,
                                    const std::optional<model::Identity>& by);
    base::Result<Operation> change_group(std::string_view group, const std::string& action,
                                         const std::optional<model::Identity>& by);
    static base::Result<void> may_begin(const ServiceEntry& entry, std::string_view action);
    void carry_out(const std::vector<Operation>& begun); // start, stop or restart
    void take_on(ServiceEntry& entry, const Operation& operation);
    base::Result<Operation> send_signal(std::string_view name, const char* action, int signal, protocol::Scope scope,
                                        const std::optional<model::Identity>& by);
    base::Result<Operation> set_hold(std::string_view name, bool held, const std::optional<model::Identity>& by);
    base::Result<Operation> reset(std::string_view name, const std::optional<model::Identity>& by);
    void finish(ServiceEntry& entry, const char* result, const std::string& reason);
    void check_operation(ServiceEntry& entry);

    void begin_checks(ServiceEntry& entry); // as it has become ready
    void end_checks(ServiceEntry& entry);
    void change_checks(ServiceEntry& entry); // other ones are configured while it is ready
    void drop_check_run(CheckEntry& one);
    void feed_check(const std::string& service_name, const std::string& check_name, const model::check::Input& input);
    void ask_check(ServiceEntry& entry, CheckEntry& one);
    bool check_answered(ServiceEntry& entry, const model::RunRecord& record, Moment moment);
    void check_fails(ServiceEntry& entry, const CheckEntry& one);
    static model::Edge check_edge(const ServiceEntry& entry, const CheckEntry& one, const std::string& reason);
    [[nodiscard]] nlohmann::json health(model::Level level) const;

    void take_up();
    void catch_up(ServiceEntry& entry);
};

} // namespace processd::supervisor
