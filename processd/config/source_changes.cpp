// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/source_changes.h"

#include <map>

namespace processd::config {
namespace {

std::map<std::string_view, std::string_view> texts_of(const std::vector<SourceSet>& sets)
{
    std::map<std::string_view, std::string_view> texts;
    for (const auto& set : sets)
        for (const auto& file : set.files) texts[file.path] = file.text;
    return texts;
}

} // namespace

std::string_view name_of(FileChange::Kind kind)
{
    switch (kind) {
    case FileChange::Kind::added: return "added";
    case FileChange::Kind::changed: return "changed";
    case FileChange::Kind::removed: return "removed";
    }
    return "changed";
}

std::vector<FileChange> compare(const std::vector<SourceSet>& before, const std::vector<SourceSet>& after)
{
    auto old = texts_of(before);
    std::map<std::string, FileChange::Kind> changes;
    for (const auto& [path, text] : texts_of(after)) {
        const auto was = old.find(path);
        if (was == old.end())
            changes[std::string(path)] = FileChange::Kind::added;
        else if (was->second != text)
            changes[std::string(path)] = FileChange::Kind::changed;
        if (was != old.end()) old.erase(was);
    }
    for (const auto& [path, text] : old) changes[std::string(path)] = FileChange::Kind::removed;
    std::vector<FileChange> list;
    for (const auto& [path, kind] : changes) list.push_back({path, kind});
    return list;
}

} // namespace processd::config
