// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/process_spec.h: how one process is to be started, as people write it (names, not numbers). Services
// and runs share it; supervisor/ resolves users and turns it into protocol::SpawnSpec.
#pragma once

#include "processd/model/bind_mount.h"
#include "processd/model/capabilities.h"
#include "processd/model/cgroup_spec.h"
#include "processd/model/json_text.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace processd::model {

inline constexpr std::uint64_t unlimited = ~std::uint64_t{0};

struct Limits { // as in setrlimit(2)
    std::uint64_t soft = unlimited;
    std::uint64_t hard = unlimited;
    friend bool operator==(const Limits&, const Limits&) = default;
};

struct ProcessSpec {
    std::vector<std::string> command;               // absolute path or a name to look up in PATH
    std::string user = "root";                      // name or number
    std::optional<std::string> group;               // name or number; none: the user's
    std::optional<std::vector<std::string>> groups; // supplementary; none: the user's
    std::string cwd = "/";
    std::uint32_t umask = 022;
    std::map<std::string, std::string> environment;
    std::optional<std::string> environment_file; // NAME=value lines, read at each start; the keys above win
    int nice = 0;                                // -20 … 19
    std::string io_class = "none";               // none | realtime | best-effort | idle
    int io_level = 4;                            // 0 … 7
    std::string scheduler = "other";             // other | batch | idle | fifo | rr
    int priority = 0;                            // 1 … 99 with fifo and rr
    std::vector<std::uint32_t> cpus;             // empty: all
    std::optional<int> oom_score_adj;            // -1000 … 1000
    std::map<std::string, Limits> limits;        // "nofile", "core" … as RLIMIT_ names in lower case
    // What the process has: of root what it keeps, another user what it gets. Also all that it and its descendants can
    // ever have, unless the bounds, which hold all of these, allow more. None: what the user has by itself, without
    // bounds.
    std::optional<Capabilities> capabilities, capability_bounds;
    bool no_new_privs = false;             // nothing it executes gains privileges by being executed
    std::vector<BindMount> bind;           // in a mount namespace of its own; empty: the daemon's
    CgroupSpec cgroup;                     // for it and all that descends from it, together
    std::vector<std::string> redact;       // what of the command nobody is shown, see shown_command()
    std::set<std::string> as_permitted;    // keys above that need not be met where the kernel refuses them
    std::uint32_t ring_bytes = 256 * 1024; // output kept in the keeper
    base::Duration spawn_timeout = std::chrono::seconds{10};

    friend bool operator==(const ProcessSpec&, const ProcessSpec&) = default;
};

// RLIMIT_* of a limit's name; nothing for a name that does not exist. Known names are listed by limit_names().
std::optional<int> rlimit_number(std::string_view name);
const std::vector<std::string_view>& limit_names();

// The command as it may be shown. A pattern of the shell hides what its first wildcard and the rest of it stand for;
// one without a wildcard is an option, and hides the argument behind it.
std::vector<std::string> shown_command(const ProcessSpec& spec);
// What may stand in as_permitted, and the same as a list for people.
const std::vector<std::string_view>& permittable_keys();
std::string permittable_list();
// One of its capabilities that its bounds forbid; empty for none.
std::string beyond_bounds(const ProcessSpec& spec);

// Keys as in TOML, durations in _ms. The from form takes absent keys as defaults: wrong types and out-of-range values
// are Errc::bad_input, with the key named, and so are unknown keys in a request. A record may hold a newer version's.
enum class UnknownKeys { refused, allowed };
// As stored, or as shown to those who may not see environment values and to those who may: shown_command() then.
enum class Shown { all, with_environment, without_environment };
void write(JsonText& to, const ProcessSpec& spec, Shown shown = Shown::all);
void to_json(nlohmann::json& j, const ProcessSpec& spec);
base::Result<ProcessSpec> process_spec_from(const nlohmann::json& j, UnknownKeys unknown = UnknownKeys::refused);

} // namespace processd::model
