// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/spawn_request.h: from what people write (model::ProcessSpec) and what processd-prepare found to
// what the keeper needs (protocol::SpawnSpec). Pure.
#pragma once

#include "processd/model/process_spec.h"
#include "processd/protocol/spawn_spec.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace processd::supervisor {

// What must be known of the host before a start: numbers behind names, and what an environment file holds.
struct Prepared {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> groups;
    std::string user = "root";
    std::string home = "/root";
    std::string shell = "/bin/sh";
    std::map<std::string, std::string> environment; // of the file
    friend bool operator==(const Prepared&, const Prepared&) = default;
};

// self: as whom the daemon runs, which unless that is root is as whom everything runs that asks for root or for nobody.
//
// What can be known without asking the host: plain root, with nothing to read or make. Else processd-prepare must run.
std::optional<Prepared> prepared_without_asking(const model::ProcessSpec& process, bool makes_directory,
                                                const Prepared& self);
// The command line of processd-prepare for a process.
std::vector<std::string> prepare_command(const std::string& program, const model::ProcessSpec& process,
                                         const std::optional<std::string>& runtime_directory, const Prepared& self);
// Its output: one "KEY VALUE" line each for uid, gid, groups (comma separated), user, home, shell, and "env NAME=VALUE"
// for each line of the file.
base::Result<Prepared> parse_prepared(std::string_view output);
// Without root nobody may change groups, to those in the group file neither: who stays the same user keeps what it has.
Prepared with_own_groups(Prepared prepared, const model::ProcessSpec& process, const Prepared& self);

protocol::SpawnSpec spawn_spec(const model::ProcessSpec& process, const Prepared& prepared, std::string label,
                               std::string note);

// Names of the attributes whose bits are set, as keys of a ProcessSpec; and of the one that a failed child had at
// fault: such a key, the name of a limit or capability, or a path of a mount.
std::vector<std::string> attribute_names(std::uint32_t bits);
std::string attribute_name(std::uint32_t attribute, const model::ProcessSpec& process);
// Calls of the keeper's stages by name, as in an outcome: "exec", "chdir" … and "stuck:exec".
std::string stage_name(std::uint32_t stage, bool stuck);

} // namespace processd::supervisor
