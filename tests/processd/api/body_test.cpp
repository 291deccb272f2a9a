// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/body.h"
#include "processd/api/problem.h"
#include "processd/api/run_request.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace processd;
using namespace processd::api;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

Parsed<supervisor::RunRequest> parse(const std::string& body)
{
    Request request;
    request.body = body;
    return run_request_from(request);
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

} // namespace

TEST_CASE("a run request becomes a value", "[api][body]")
{
    const auto run = parse(R"({"command": ["/bin/sh", "-c", "exit 3"], "environment": {"LANG": "C"}, "cwd": "/tmp",
        "user": "nobody", "limits": {"nofile": 64}, "timeout_ms": 1500, "stop_timeout_ms": 0, "stdin": "hällo"})");
    REQUIRE(run);
    CHECK(run->process.command == std::vector<std::string>{"/bin/sh", "-c", "exit 3"});
    CHECK(run->process.environment.at("LANG") == "C");
    CHECK(run->process.user == "nobody");
    CHECK(run->timeout == 1500ms);
    CHECK(run->stop_timeout == 0ms);
    CHECK(run->stdin_data == "hällo");
    CHECK(run->kind == model::RunKind::adhoc);
    const auto plain = parse(R"({"command": ["true"], "timeout_ms": null, "stdin": null})");
    REQUIRE(plain);
    CHECK_FALSE(plain->timeout);
    CHECK_FALSE(plain->stdin_data);
    CHECK(plain->stop_timeout == 5s);
    const auto bytes = parse(R"({"command": ["cat"], "stdin_base64": "AP8K"})");
    REQUIRE(bytes);
    CHECK(bytes->stdin_data == std::string("\0\xff\n", 3));
}

TEST_CASE("a wrong run request is told what would be right", "[api][body]")
{
    struct Case {
        std::string body;
        const char* kind;
        const char* says;
    };
    const Case cases[] = {
        {"", "bad_json", "empty"},
        {"{", "bad_json", "not JSON"},
        {"{}{}", "bad_json", "not JSON"},
        {"{\"command\": [\"a\xff\"]}", "bad_json", "not JSON"},
        {"{\"a\": " + nested(100) + "}", "bad_json", "nested deeper"},
        {nested(100'000), "bad_json", "nested deeper"},
        {"{\"a\": 1e999}", "bad_json", "not JSON"},
        {"[]", "bad_request", "must be a JSON object"},
        {"null", "bad_request", "must be a JSON object"},
        {"\"true\"", "bad_request", "must be a JSON object"},
        {R"({"comand": ["true"]})", "unknown_key", R"(did you mean \"command\"?)"},
        {R"({"command": ["true"], "zzzzzzzzzzzz": 1})", "unknown_key", "stdin_base64"},
        {"{}", "bad_request", R"(\"command\" must be)"},
        {R"({"command": "true"})", "bad_request", R"(\"command\" must be an array)"},
        {R"({"command": []})", "bad_request", R"(\"command\" must be)"},
        {R"({"command": [""]})", "bad_request", R"(\"command\" must be)"},
        {R"({"command": ["true", 5]})", "bad_request", R"(\"command\" must be)"},
        {R"({"command": ["a\u0000b"]})", "bad_request", R"(\"command\" must be)"},
        {R"({"command": ["true"], "cwd": "tmp"})", "bad_request", R"(\"cwd\" must be an absolute path)"},
        {R"({"command": ["true"], "timeout_ms": "5s"})", "bad_request", R"(\"timeout_ms\" must be a whole number)"},
        {R"({"command": ["true"], "timeout_ms": 0})", "bad_request", "1 or more"},
        {R"({"command": ["true"], "timeout_ms": 1.5})", "bad_request", "whole number"},
        {R"({"command": ["true"], "timeout_ms": 18446744073709551615})", "bad_request", "whole number"},
        {R"({"command": ["true"], "stop_timeout_ms": -1})", "bad_request", R"(\"stop_timeout_ms\" must be)"},
        {R"({"command": ["true"], "stdin": 5})", "bad_request", R"(\"stdin\" must be a string)"},
        {R"({"command": ["true"], "stdin": "a", "stdin_base64": "YQ=="})", "bad_request", "not both"},
        {R"({"command": ["true"], "stdin_base64": "a"})", "bad_request", "base64"},
        {R"({"command": ["true"], "stdin": ")" + std::string(max_stdin_bytes + 1, 'a') + "\"}", "too_large", "1048576"},
        {R"({"command": ["true"], "environment": {"A": 5}})", "bad_request", R"(\"environment\" must be)"},
        {R"({"command": ["true"], "umask": 512})", "bad_request", R"(\"umask\" must be)"},
        {R"({"command": ["true"], "limits": {"files": 5}})", "bad_request", R"(\"limits\" must be)"},
    };
    for (const auto& c : cases) {
        INFO(c.body.substr(0, 80));
        const auto run = parse(c.body);
        REQUIRE_FALSE(run);
        const auto& reply = run.error();
        CHECK(reply.content_type == "application/problem+json");
        CHECK(reply.body.find(std::string(R"("kind":")") + c.kind + "\"") != std::string::npos);
        CHECK(reply.body.find(c.says) != std::string::npos);
        const auto problem = json::parse(reply.body);
        CHECK(problem["status"] == reply.status);
        CHECK(problem["detail"].get<std::string>().size() < 1000);
    }
}

TEST_CASE("a fingerprint is of what a body says, not of how it is written", "[api][body]")
{
    const auto of = [](const std::string& text) { return parse(text)->fingerprint; };
    const auto one = of(R"({"command": ["true"], "cwd": "/tmp"})");
    CHECK(one == of(R"({"cwd":"/tmp","command":["true"]})"));
    CHECK(one == of(R"({ "cwd" : "\u002ftmp" , "command" : [ "true" ] })"));
    CHECK(one != of(R"({"command": ["true"], "cwd": "/"})"));
    CHECK(one != of(R"({"command": ["true"]})"));
    CHECK(one != 0);
    // Remembered in records, so it must not change from version to version.
    CHECK(fingerprint(json{{"command", {"true"}}}) == 0x95efe16aa5dd82b8U);
}

TEST_CASE("every error of ours has a kind, and errnos of a full disk are told from others", "[api][problem]")
{
    using base::Errc;
    CHECK(kind_of(Errc::bad_input) == Kind::bad_request);
    CHECK(kind_of(Errc::not_found) == Kind::not_found);
    CHECK(kind_of(Errc::already_exists) == Kind::conflict);
    CHECK(kind_of(Errc::conflict) == Kind::conflict);
    CHECK(kind_of(Errc::not_permitted) == Kind::forbidden);
    CHECK(kind_of(Errc::limit) == Kind::limit);
    CHECK(kind_of(Errc::unavailable) == Kind::unavailable);
    CHECK(kind_of(Errc::timed_out) == Kind::unavailable);
    CHECK(kind_of(Errc::corrupt) == Kind::internal);
    CHECK(kind_of({ENOSPC, std::generic_category()}) == Kind::storage);
    CHECK(kind_of({EROFS, std::system_category()}) == Kind::storage);
    CHECK(kind_of({EPERM, std::generic_category()}) == Kind::internal);
    for (const auto& row : kinds()) {
        const auto reply = problem(row.kind, "why");
        CHECK(reply.status == row.status);
        const auto body = json::parse(reply.body);
        CHECK(body["kind"] == row.name);
        CHECK(body["type"] == "urn:ctdb-processd:" + std::string(row.name));
        CHECK(body["detail"] == "why");
    }
}

TEST_CASE("text from outside that is not UTF-8 is replaced in a reply", "[api][problem]")
{
    CHECK(problem(Kind::not_found, "caf\xe9").body.find("caf\xef\xbf\xbd") != std::string::npos);
}
