// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/shown.h: a configuration as it may be shown to others: per NAME the merged keys, each with its value
// and the place it comes from. Without values of environments, and in command lines without
// what `redact` hides. What a check complains of keeps its value for itself, as a mistyped key may have a secret
// behind it; so does the rest of a NAME of which a file is missing or no TOML, as that file may say what is secret.
// Of a template the instances are shown, as they are when all is laid over each other.
#pragma once

#include "processd/config/document.h"
#include "processd/config/read_directory.h"

#include <optional>
#include <string>
#include <vector>

namespace processd::config {

struct ShownKey {
    std::string key;            // "service.restart.delay"
    std::optional<Value> value; // none: hidden
    std::string file;
    std::uint32_t line = 0; // 0: not known
};

struct ShownName {
    std::string name;
    std::string kind; // daemon, service, job or hook; empty where that cannot be told
    std::vector<std::string> files;
    std::vector<ShownKey> keys; // sorted by key
    std::optional<model::Transient> transient{};
};

// problems: what interpret() says of the same texts; empty for what is in force.
std::vector<ShownName> shown(const std::vector<SourceSet>& sets, const Problems& problems);
// A problem's sentence up to the first thing that it quotes and that is not a key, which may be a secret.
std::string shown_message(const Problem& problem, const std::vector<SourceSet>& sets);

} // namespace processd::config
