// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/start_failure.h"

#include <algorithm>
#include <cerrno>

namespace processd::model {
namespace {

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

std::string as_words(const std::string& line)
{
    std::string words;
    for (std::size_t at = 0; at < line.size();) {
        const auto end = std::min(line.find_first_of(" \t", at), line.size());
        if (end > at) words += (words.empty() ? "" : ", ") + quoted(line.substr(at, end - at));
        at = end + 1;
    }
    return "[" + words + "]";
}

std::string not_found(const ProcessSpec& process)
{
    const auto& program = process.command.front();
    if (process.command.size() == 1 && program.find_first_of(" \t") != std::string::npos)
        return "there is no program " + quoted(program) + "; each word is one of the command: " + as_words(program);
    if (program.find('/') == std::string::npos) return "there is no program " + quoted(program) + " in PATH";
    return "there is no " + quoted(program) + ", or no interpreter as its first line names";
}

} // namespace

std::string start_failure(const ProcessSpec& process, const Outcome& outcome)
{
    if (outcome.kind != OutcomeKind::spawn_failed || !outcome.errno_value || process.command.empty()) return {};
    const auto& program = process.command.front();
    const int error = *outcome.errno_value;
    if (outcome.stage == "exec") switch (error) {
        case ENOENT: return not_found(process);
        case EACCES: return quoted(program) + " may not be executed: its mode, a directory above it, or a noexec mount";
        case ENOEXEC: return quoted(program) + " is no program for this machine, and no script that begins with #!";
        default: return quoted(program);
        }
    if (outcome.stage == "chdir") return "the cwd " + quoted(process.cwd);
    return {};
}

} // namespace processd::model
