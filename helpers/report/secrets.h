// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/report/secrets.h: takes out of JSON and of command lines what others must not read: the second fence behind
// the daemon's own. Environments lose their values. In command lines go what the patterns hide that `redact` has
// anywhere in what was learned (docs/openapi.yaml, ProcessKeys), and what a name gives away: --password=…, -o secret=…,
// --token …, smbclient's -U user%…, and https://user:…@host. Free text such as output is beyond it. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace report {

class Secrets {
public:
    void learn(const nlohmann::json& value); // the patterns in it

    [[nodiscard]] std::vector<std::string> without(std::vector<std::string> command) const;
    // Every array of texts may be a command.
    void remove_from(nlohmann::json& value) const;

private:
    std::set<std::string> patterns_;
};

// Of one word of a command, or of a text for a shell.
std::string without_named_secrets(std::string_view text);

} // namespace report
