// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/report/collection.h"

#include "helpers/base/size.h"
#include "helpers/base/wall_time.h"

#include <algorithm>

namespace report {
namespace {

std::string limit_text(std::size_t bytes) { return base::format_size(bytes, " "); }

std::string padded(std::string text, std::size_t width)
{
    text.resize(std::max(width, text.size()), ' ');
    return text;
}

} // namespace

bool Collection::add(Part part)
{
    const bool is_json = part.file.ends_with(".json");
    const auto room = std::min(most_of_part, most_of_all - bytes_);
    if (part.bytes.size() > room) {
        const auto limit = room == most_of_part ? limit_text(most_of_part) + ", the limit for one file"
                                                : limit_text(most_of_all) + ", the limit for all files";
        if (is_json || room == 0) {
            miss(part.file, part.what, "beyond " + limit);
            return false;
        }
        part.bytes.resize(room);
        if (const auto line = part.bytes.rfind('\n'); line != std::string::npos) part.bytes.resize(line + 1);
        part.note += (part.note.empty() ? "" : "; ") + ("cut at " + limit);
    }
    bytes_ += part.bytes.size();
    parts_.push_back(std::move(part));
    return true;
}

void Collection::miss(std::string file, std::string what, std::string why)
{
    missing_.push_back({std::move(file), std::move(what), std::move(why)});
}

void Collection::forget_missing(const std::string& file)
{
    missing_.erase(std::remove_if(missing_.begin(), missing_.end(), [&](const auto& one) { return one.file == file; }),
                   missing_.end());
}

std::string manifest(const Collection& collection, const Making& making)
{
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(making.took).count();
    std::string text = "Report of ctdb-processd on " + making.host + "\n\nmade       " +
                       base::format_wall_time(making.begun) + ", in " + std::to_string(ms) + " ms\nby         " +
                       making.by + "\nwith       " + making.program + "\nruns since " + making.since +
                       "\n\n"
                       "Values of environments, arguments that `redact` hides and arguments that are named like a\n"
                       "password are left out. What services and scripts have written (logs.*, `tail` and `lines`\n"
                       "of runs) is as they wrote it and cannot be searched for secrets: look at it before you send\n"
                       "this to somebody. One file has at most " +
                       limit_text(most_of_part) + ", all together " + limit_text(most_of_all) + ".\n\nFILES\n";
    std::size_t width = 0;
    for (const auto& part : collection.parts()) width = std::max(width, part.file.size());
    for (const auto& one : collection.missing()) width = std::max(width, one.file.size());
    for (const auto& part : collection.parts())
        text += padded(part.file, width + 2) + part.what + ", " + std::to_string(part.bytes.size()) + " bytes" +
                (part.note.empty() ? "" : " (not all: " + part.note + ")") + '\n';
    text += "\nMISSING\n";
    if (collection.missing().empty()) text += "nothing\n";
    for (const auto& one : collection.missing()) text += padded(one.file, width + 2) + one.what + ": " + one.why + '\n';
    return text;
}

} // namespace report
