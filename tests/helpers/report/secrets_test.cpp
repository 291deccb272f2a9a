// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/report/secrets.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using nlohmann::json;
using report::Secrets;
using report::without_named_secrets;

namespace {

using Words = std::vector<std::string>;

struct Row {
    Words given, wanted;
};

} // namespace

TEST_CASE("arguments that are named like a secret are hidden", "[report][secrets]")
{
    const std::vector<Row> rows{
        {{"a", "--password=x y", "b"}, {"a", "--password=***", "b"}},
        {{"a", "--db-Password=\"x y\""}, {"a", "--db-Password=***"}},
        {{"a", "--password", "x", "b"}, {"a", "--password", "***", "b"}},
        {{"a", "--password", "--x"}, {"a", "--password", "***"}},
        {{"a", "--api-key", "x"}, {"a", "--api-key", "***"}},
        {{"a", "--password"}, {"a", "--password"}},
        {{"a", "--password-file", "/etc/x"}, {"a", "--password-file", "/etc/x"}},
        {{"a", "--password-file=/etc/x"}, {"a", "--password-file=/etc/x"}},
        {{"mount", "-o", "user=u,password=x,vers=3"}, {"mount", "-o", "user=u,password=***"}},
        {{"TOKEN=x", "b"}, {"TOKEN=***", "b"}},
        {{"sh", "-c", "PGPASSWORD=x psql -U u; y"}, {"sh", "-c", "PGPASSWORD=*** psql -U u; y"}},
        {{"sh", "-c", "login --secret x && y"}, {"sh", "-c", "login --secret *** && y"}},
        {{"sh", "-c", "login --secret 'x y' z"}, {"sh", "-c", "login --secret *** z"}},
        {{"curl", "-H", "X-Auth-Token: x"}, {"curl", "-H", "X-Auth-Token: ***"}},
        {{"curl", "https://u:x@h/p?a=b"}, {"curl", "https://u:***@h/p?a=b"}},
        {{"curl", "https://u:x@y@h/ http://v:z@i/"}, {"curl", "https://u:***@h/ http://v:***@i/"}},
        {{"curl", "http://h:80/u@v"}, {"curl", "http://h:80/u@v"}},
        {{"smbclient", "-U", "u%x", "//h/s"}, {"smbclient", "-U", "u%***", "//h/s"}},
        {{"smbclient", "-Uu%x"}, {"smbclient", "-Uu%***"}},
        {{"smbclient", "--user=u%x"}, {"smbclient", "--user=u%***"}},
        {{"smbd", "-F", "--no-process-group"}, {"smbd", "-F", "--no-process-group"}},
        {{"a", "--compass=north", "pass"}, {"a", "--compass=north", "pass"}},
        {{}, {}},
        {{""}, {""}},
    };
    for (const auto& row : rows) CHECK(Secrets{}.without(row.given) == row.wanted);
    CHECK(without_named_secrets("password=") == "password=");
    CHECK(without_named_secrets("password: ") == "password: ");
}

TEST_CASE("patterns that were learned hide in any command", "[report][secrets]")
{
    Secrets secrets;
    secrets.learn(json::parse(R"({"runs": [{"process": {"redact": ["-k", "key:*"]}}],
                                  "keys": [{"key": "service.redact", "value": ["--pin=*"]}]})"));
    CHECK(secrets.without({"a", "-k", "x", "key:y", "--pin=1", "-k"}) ==
          Words{"a", "-k", "***", "key:***", "--pin=***", "-k"});
    CHECK(secrets.without({"-k", "x"}) == Words{"-k", "x"}); // a program's name is none
}

TEST_CASE("what JSON may hold of secrets goes, and nothing else", "[report][secrets]")
{
    Secrets secrets;
    auto value = json::parse(R"({
        "environment": {"A": "x", "B": null},
        "below": [{"process": {"environment": {"C": "x"}, "command": ["a", "--password=x"], "redact": ["--password=*"]}}],
        "pre_start": [["a", "--token", "x"], ["b"]],
        "keys": [{"key": "service.environment.D", "value": "x"}, {"key": "service.redact", "value": ["--password=*"]},
                 {"key": "service.nice", "value": 3}],
        "names": ["token", "b"], "text": "password=y", "number": 1})");
    secrets.remove_from(value);
    CHECK(value == json::parse(R"({
        "environment": {"A": null, "B": null},
        "below": [{"process": {"environment": {"C": null}, "command": ["a", "--password=***"], "redact": ["--password=*"]}}],
        "pre_start": [["a", "--token", "***"], ["b"]],
        "keys": [{"key": "service.environment.D", "value": null}, {"key": "service.redact", "value": ["--password=*"]},
                 {"key": "service.nice", "value": 3}],
        "names": ["token", "b"], "text": "password=y", "number": 1})"));
}
