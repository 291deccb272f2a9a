// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/report_api.h"

#include "helpers/client/problem.h"
#include "processd/ctl/ability_view.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/line_view.h"
#include "processd/ctl/service_view.h"

#include <algorithm>
#include <map>

namespace processd::ctl {
namespace {

using base::Errc;
using client::encoded;
using nlohmann::json;
using namespace std::chrono_literals;

constexpr base::Duration answer_time = 5s, ping_time = 3s, slow_answer_time = 10s;
constexpr std::size_t last_runs = 5, most_failed = 200, most_failed_of_one = 20;

client::Settings impatient(client::Settings settings)
{
    settings.connect_timeout = ping_time;
    settings.answer_timeout = answer_time;
    settings.max_body_bytes = report::most_of_part;
    return settings;
}

std::string text_of(const json& value) { return value.dump(1, ' ', false, json::error_handler_t::replace) + '\n'; }

bool has_failed(const json& run)
{
    const auto outcome = text(run, "outcome");
    if (outcome == "exited") return number(run, "code") != 0;
    return !outcome.empty() && outcome != "cancelled";
}

} // namespace

ReportApi::ReportApi(const client::Settings& settings, std::string since, base::Time end, report::Collection& into,
                     report::Secrets& secrets)
    : connection_(impatient(settings)),
      since_(std::move(since)),
      end_(end),
      into_(into),
      secrets_(secrets),
      style_{false, 0, base::wall_now()}
{
}

// What the daemon answers; an error means that it did not.
base::Result<client::Reply> ReportApi::ask(const std::string& target)
{
    if (silent_) return base::fail(Errc::unavailable, silence_);
    if (base::now() >= end_) return base::fail(Errc::timed_out, "the time for the report was over");
    client::Request request;
    request.target = target;
    // Those for which the daemon has a child look.
    if (target == "/v1/abilities" || target == "/v1/plan") request.wait = slow_answer_time;
    auto reply = connection_.ask(request);
    if (reply || reply.error().code == Errc::limit) return reply;
    const auto reason = reply.error().message();
    // Is it this question, or the daemon?
    if (!answers_at_all() || reply.error().code == Errc::timed_out)
        return base::fail(reply.error().code == Errc::timed_out ? Errc::timed_out : Errc::unavailable, reason);
    request.wait = {};
    return connection_.ask(request); // the manager was replaced meanwhile
}

bool ReportApi::answers_at_all()
{
    auto settings = connection_.settings();
    settings.answer_timeout = ping_time;
    client::Request request;
    request.target = "/v1/whoami";
    const auto reply = client::Connection(settings).ask(request);
    silent_ = !reply;
    if (!reply) silence_ = reply.error().message();
    return !silent_;
}

base::Result<json> ReportApi::value_of(const std::string& target)
{
    const auto reply = ask(target);
    if (!reply) return tl::unexpected(reply.error());
    auto value = client::parse(reply->body);
    // A status of 503 is how /v1/health says no.
    if (!reply->ok() && !(value && part(*value, "healthy").is_boolean()))
        return tl::unexpected(client::problem_of(*reply));
    if (value) secrets_.learn(*value);
    return value;
}

void ReportApi::miss(const std::string& file, const char* what, const base::Error& error)
{
    if (!silent_) refused_.insert(file); // it will not become better
    into_.miss(file, what, clean(error.message()));
}

void ReportApi::add(const std::string& file, const char* what, json value, std::string note)
{
    secrets_.remove_from(value);
    into_.add({file, what, text_of(value), std::move(note)});
    had_.insert(file);
}

void ReportApi::add_text(const std::string& file, const char* what, std::string content)
{
    into_.add({file, what, std::move(content), {}});
    had_.insert(file);
}

json ReportApi::take(const std::string& file, const char* what, const std::string& target)
{
    if (is_settled(file)) return nullptr;
    into_.forget_missing(file);
    auto value = value_of(target);
    if (!value) {
        miss(file, what, value.error());
        return nullptr;
    }
    add(file, what, *value);
    return *std::move(value);
}

json ReportApi::take_newest(const std::string& file, const char* what, const std::string& target,
                            std::initializer_list<int> limits)
{
    if (is_settled(file)) return nullptr;
    into_.forget_missing(file);
    base::Error error;
    for (const int limit : limits) {
        auto value = value_of(target + "limit=" + std::to_string(limit));
        if (value && text_of(*value).size() <= report::most_of_part) {
            const bool more = target.starts_with("/v1/logs") || !text(*value, "next").empty();
            add(file, what, *value, more ? "the newest " + std::to_string(limit) : "");
            return *std::move(value);
        }
        error = value ? base::Error{Errc::limit, "too long"} : value.error();
        if (error.code != Errc::limit) break;
    }
    miss(file, what, error);
    return nullptr;
}

bool ReportApi::gather()
{
    (void)answers_at_all();
    take("api/config.json", "configuration in force, without secrets", "/v1/config");
    if (auto system = take("api/system.json", "the daemon: versions, pids, counts", "/v1/system"); !system.is_null())
        system_ = std::move(system);
    if (auto services = take("api/services.json", "services", "/v1/services"); !services.is_null())
        services_ = std::move(services);
    if (auto jobs = take("api/jobs.json", "jobs and hooks", "/v1/jobs"); !jobs.is_null()) jobs_ = std::move(jobs);
    take("api/health.json", "health", "/v1/health");
    take("api/groups.json", "groups of services", "/v1/groups");
    take("api/plan.json", "what a reload would change", "/v1/plan");
    take_newest("api/operations.json", "what was asked for, and by whom", "/v1/operations?", {500, 50});
    if (const auto found = take("api/abilities.json", "what the host lets the daemon do", "/v1/abilities");
        !found.is_null())
        add_text("doctor.txt", "the same as a table", ability_table(found, style_));
    take_pages();
    take_runs();
    if (const auto logs = take_newest("api/logs.json", "output of services and runs", "/v1/logs?", {5000, 500, 50});
        !logs.is_null()) {
        std::string lines;
        for (const auto& line : part(logs, "lines")) lines += log_line(line, style_) + '\n';
        add_text("logs.txt", "the same as text", std::move(lines));
    }
    if (const std::string file = "api/metrics.txt"; !is_settled(file)) {
        into_.forget_missing(file);
        const auto reply = ask("/v1/metrics");
        if (reply && reply->ok())
            add_text(file, "metrics", reply->body);
        else
            miss(file, "metrics", reply ? client::problem_of(*reply) : reply.error());
    }
    return !silent_;
}

// For people: what is how, and why.
void ReportApi::take_pages()
{
    const auto& services = part(services_, "services");
    if (!services.is_array()) return;
    if (!had_.contains("status.txt"))
        add_text("status.txt", "services as a table",
                 (system_.is_null() ? "" : system_line(system_, style_) + "\n\n") + service_table(services, style_));
    if (is_settled("why.txt")) return;
    into_.forget_missing("why.txt");
    std::string all;
    for (const auto& service : services) {
        const auto name = text(service, "name");
        const auto why = value_of("/v1/services/" + encoded(name) + "/why");
        if (!why && silent_) return miss("why.txt", "why services are as they are", why.error());
        all += name + ":\n";
        if (!why) all += "  (" + clean(why.error().message()) + ")\n";
        if (why)
            for (const auto& sentence : texts(*why, "sentences")) all += "  " + clean(sentence) + '\n';
    }
    add_text("why.txt", "why services are as they are", std::move(all));
}

void ReportApi::take_runs()
{
    const auto listed =
        take_newest("api/runs.json", "runs", "/v1/runs?since=" + encoded(since_) + "&", {1000, 200, 50});
    if (!listed.is_null()) take_failed(part(listed, "runs"));
    for (const auto* list : {&part(services_, "services"), &part(jobs_, "jobs")})
        if (list->is_array())
            for (const auto& one : *list) take_runs_of(text(one, "name"));
}

void ReportApi::take_runs_of(const std::string& name)
{
    const auto file = "runs/" + name + ".json";
    if (name.empty() || name.find('/') != std::string::npos || is_settled(file)) return;
    constexpr auto what = "the last runs, with the end of their output";
    into_.forget_missing(file);
    const auto page = value_of("/v1/runs?name=" + encoded(name) + "&limit=" + std::to_string(last_runs));
    if (!page) return miss(file, what, page.error());
    json runs = json::array();
    for (const auto& run : part(*page, "runs")) {
        auto whole = value_of("/v1/runs/" + encoded(text(run, "id")));
        if (!whole && silent_) return miss(file, what, whole.error());
        runs.push_back(whole ? *std::move(whole) : run);
    }
    add(file, what, {{"runs", std::move(runs)}});
}

// The list has the newest first; those of one name are bounded, as a command that asks whether something is ready may
// fail twice a second.
void ReportApi::take_failed(const json& listed)
{
    json failed = json::array();
    std::map<std::string, std::size_t> of_one;
    std::size_t left_out = 0;
    for (const auto& run : listed) {
        if (!has_failed(run)) continue;
        if (failed.size() >= most_failed || ++of_one[text(run, "name")] > most_failed_of_one) {
            ++left_out;
            continue;
        }
        auto whole = value_of("/v1/runs/" + encoded(text(run, "id")));
        failed.push_back(whole ? *std::move(whole) : run);
    }
    while (text_of(failed).size() > report::most_of_part - 64) {
        failed.erase(failed.size() - 1);
        ++left_out;
    }
    add("runs-failed.json", "runs that failed, with the end of their output", {{"runs", std::move(failed)}},
        left_out == 0 ? "" : std::to_string(left_out) + " more, of which api/runs.json has the records");
}

} // namespace processd::ctl
