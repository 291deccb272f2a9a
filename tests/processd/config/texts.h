// SPDX-License-Identifier: GPL-3.0-or-later
// tests/processd/config/texts.h: configurations from texts, without a disk.
#pragma once

#include "processd/config/load.h"

#include <string>
#include <utility>
#include <vector>

namespace texts {

using Files = std::vector<std::pair<std::string, std::string>>; // path, text

// The first file is NAME.toml, the others its drop-ins.
inline processd::config::SourceSet set(const std::string& name, const Files& files)
{
    processd::config::SourceSet one;
    one.name = name;
    one.has_main = true;
    for (const auto& [path, text] : files) one.files.push_back({path, text});
    return one;
}

inline processd::config::Loaded service(const std::string& text)
{
    return processd::config::interpret({set("a", {{"a.toml", text}})});
}

inline processd::config::Loaded daemon(const std::string& text)
{
    return processd::config::interpret({set("processd", {{"processd.toml", text}})});
}

// The formatted problems, one a line; empty when all is well.
inline std::string problems(const processd::config::Loaded& loaded)
{
    std::string lines;
    if (loaded) return lines;
    for (const auto& problem : loaded.error()) lines += (lines.empty() ? "" : "\n") + processd::config::format(problem);
    return lines;
}

} // namespace texts
