// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/start_failure.h"

#include <catch2/catch.hpp>
#include <cerrno>

using namespace processd::model;

namespace {

std::string words(std::vector<std::string> command, const std::string& stage, int error)
{
    ProcessSpec process;
    process.command = std::move(command);
    process.cwd = "/srv/none";
    Outcome outcome;
    outcome.kind = OutcomeKind::spawn_failed;
    outcome.stage = stage;
    outcome.errno_value = error;
    return start_failure(process, outcome);
}

} // namespace

TEST_CASE("why a command could not be started names the path and what is likely", "[model]")
{
    CHECK(words({"/usr/bin/none", "x"}, "exec", ENOENT) ==
          "there is no \"/usr/bin/none\", or no interpreter as its first line names");
    CHECK(words({"none"}, "exec", ENOENT) == "there is no program \"none\" in PATH");
    CHECK(words({"sleep  1000"}, "exec", ENOENT) ==
          "there is no program \"sleep  1000\"; each word is one of the command: [\"sleep\", \"1000\"]");
    CHECK(words({"/etc/passwd"}, "exec", EACCES) ==
          "\"/etc/passwd\" may not be executed: its mode, a directory above it, or a noexec mount");
    CHECK(words({"/etc/passwd"}, "exec", ENOEXEC) ==
          "\"/etc/passwd\" is no program for this machine, and no script that begins with #!");
    CHECK(words({"/bin/a"}, "chdir", ENOENT) == "the cwd \"/srv/none\"");
    CHECK(words({"/bin/a"}, "limits:nofile", EPERM).empty());
    CHECK(start_failure({}, Outcome{}).empty());
}
