// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/transient_records.h: what was declared over the API, in state.tdb by "transient/NAME": the text
// as it came, who gave it and when. It goes when a new keeper begins. One that cannot be read, or of which nothing can
// be made, is set aside: it has a name and a reason, and the rest goes on without it.
#pragma once

#include "processd/config/load.h"

#include <map>
#include <string>
#include <vector>

namespace processd::store {
class State;
struct Change;
} // namespace processd::store

namespace processd::supervisor {

inline constexpr std::string_view transient_prefix = "transient/";

config::SourceSet transient_set(const std::string& name, const std::string& text, model::Transient who);
store::Change transient_change(const config::SourceSet& set);
store::Change transient_gone(const std::string& name);

using SetAside = std::map<std::string, std::string>; // name and reason
// Without those set aside, by name. What cannot be read is put there.
std::vector<config::SourceSet> stored_transient(const store::State& state, SetAside& aside);

// The configuration of files and of as much of what is transient as fits: what is wrong with a transient service never
// stands in the way of a file's. problems: of reading the files.
config::Loaded fit(const std::vector<config::SourceSet>& files, const config::Problems& problems,
                   std::vector<config::SourceSet> transient, SetAside& aside);

} // namespace processd::supervisor
