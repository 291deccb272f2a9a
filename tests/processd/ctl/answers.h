// SPDX-License-Identifier: GPL-3.0-or-later
// tests/processd/ctl/answers.h: what a server answers the built processctl, as docs/openapi.yaml says.
#pragma once

#include "tests/helpers/client/unix_server.h"
#include "tests/processd/ctl/program.h"
#include "tests/processd/ctl/samples.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace test {

inline Finished processctl(const UnixServer& server, std::vector<std::string> arguments, std::string_view input = {})
{
    return Program(std::move(arguments), {"CTDB_PROCESSD_SOCKET=" + server.path()}, input).finish();
}

inline void problem(const UnixServer::Peer& peer, int status, const char* kind, const char* detail)
{
    peer.reply(status, nlohmann::json{{"status", status}, {"kind", kind}, {"detail", detail}}.dump(),
               "application/problem+json");
}

inline nlohmann::json operation(const char* state, nlohmann::json result, const char* reason = "")
{
    auto j = operation();
    j["state"] = state;
    j["result"] = std::move(result);
    j["reason"] = reason;
    return j;
}

inline std::string output(const char* seq, const char* stream, const std::string& text)
{
    return nlohmann::json{{"type", "output"}, {"seq", seq}, {"stream", stream}, {"text", text}, {"late", false}}.dump();
}

inline std::string run_line(const char* seq, const char* patch)
{
    auto run = test::run();
    run.merge_patch(nlohmann::json::parse(patch));
    return nlohmann::json{{"type", "run"}, {"seq", seq}, {"run", run}}.dump();
}

inline const char* const running = R"({"state":"running","outcome":null,"code":null})";

} // namespace test
