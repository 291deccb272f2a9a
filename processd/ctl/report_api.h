// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/report_api.h: the files of a report that the daemon answers for. Each question has its time; a daemon
// that answers none is not asked for the rest, until gather() is called again, which goes on where it was.
#pragma once

#include "helpers/client/connection.h"
#include "helpers/report/collection.h"
#include "helpers/report/secrets.h"
#include "processd/ctl/text.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace processd::ctl {

class ReportApi {
public:
    ReportApi(const client::Settings& settings, std::string since, base::Time end, report::Collection& into,
              report::Secrets& secrets);

    // False: some questions are open, as the daemon did not answer.
    bool gather();
    [[nodiscard]] const nlohmann::json& system() const { return system_; } // null: not known
    [[nodiscard]] bool had(const std::string& file) const { return had_.contains(file); }

private:
    // A file of the answer to one question. Null: missing, which is said.
    nlohmann::json take(const std::string& file, const char* what, const std::string& target);
    // The first of some limits with which the answer is not too long.
    nlohmann::json take_newest(const std::string& file, const char* what, const std::string& target,
                               std::initializer_list<int> limits);
    bool answers_at_all(); // else silent_
    base::Result<client::Reply> ask(const std::string& target);
    base::Result<nlohmann::json> value_of(const std::string& target);
    void add(const std::string& file, const char* what, nlohmann::json value, std::string note = {});
    void add_text(const std::string& file, const char* what, std::string text);
    [[nodiscard]] bool is_settled(const std::string& file) const { return had(file) || refused_.contains(file); }
    void miss(const std::string& file, const char* what, const base::Error& error);

    void take_pages(); // that need the services
    void take_runs();
    void take_runs_of(const std::string& name);
    void take_failed(const nlohmann::json& listed);

    client::Connection connection_;
    const std::string since_;
    const base::Time end_;
    report::Collection& into_;
    report::Secrets& secrets_;
    const Style style_;
    nlohmann::json system_, services_, jobs_;
    std::set<std::string> had_, refused_; // there is nothing to ask again
    bool silent_ = false;                 // the daemon does not answer
    std::string silence_;                 // in what way
};

} // namespace processd::ctl
