// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/bind_mount.h: a file or directory that a process finds at another path. One is enough to give it a
// mount namespace of its own, made anew at every start: a bind over a file that a package replaces is gone with the old
// file.
#pragma once

#include "processd/model/json_text.h"

#include <string>
#include <string_view>
#include <vector>

namespace processd::model {

class JsonKeys;

struct BindMount {
    std::string source, target; // absolute paths; both exist, and are both directories or both not
    bool read_only = false;
    friend bool operator==(const BindMount&, const BindMount&) = default;
};

inline constexpr std::size_t max_binds = 64;

// What is wrong with these, as "must be …" continues; empty if nothing is.
std::string wrong_binds(const std::vector<BindMount>& binds);

void write_binds(JsonText& object, const std::vector<BindMount>& binds); // the key "bind"
void read_binds(JsonKeys& keys, std::vector<BindMount>& binds);

} // namespace processd::model
