// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/report/proc.h"

#include "helpers/base/unique_fd.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <dirent.h>
#include <fcntl.h>
#include <set>
#include <sstream>

namespace report {

std::optional<ProcStat> parse_stat(std::string_view line)
{
    // The name may hold anything, also blanks and brackets.
    const auto open = line.find('('), close = line.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
    ProcStat stat;
    stat.name = line.substr(open + 1, close - open - 1);
    if (std::from_chars(line.data(), line.data() + open, stat.pid).ec != std::errc{}) return std::nullopt;
    std::istringstream fields{std::string(line.substr(close + 1))};
    std::string skipped;
    const auto skip = [&](int count) {
        while (count-- > 0) fields >> skipped;
    };
    fields >> stat.state >> stat.parent >> stat.group >> stat.session;
    skip(7); // tty_nr, tpgid, flags, page faults
    fields >> stat.user_ticks >> stat.system_ticks;
    skip(4); // of children, priority, nice
    fields >> stat.threads;
    skip(1); // itrealvalue
    fields >> stat.start_ticks;
    skip(1); // vsize
    fields >> stat.resident_pages;
    if (!fields) return std::nullopt;
    return stat;
}

std::string file_text(const std::string& path)
{
    const base::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    std::string text;
    if (!fd) return text;
    std::array<char, 16384> buffer; // NOLINT: filled by read
    for (;;) {
        const auto n = ::read(fd.get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(n));
    }
}

std::vector<ProcStat> all_processes()
{
    std::vector<ProcStat> all;
    DIR* const proc = ::opendir("/proc");
    if (proc == nullptr) return all;
    while (const auto* entry = ::readdir(proc)) {
        const std::string name = &entry->d_name[0];
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        if (auto stat = parse_stat(file_text("/proc/" + name + "/stat"))) all.push_back(*std::move(stat));
    }
    ::closedir(proc);
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
    return all;
}

std::vector<pid_t> tree_of(pid_t root, const std::vector<ProcStat>& all)
{
    std::set<pid_t> tree{root};
    for (std::size_t before = 0; before != tree.size();) {
        before = tree.size();
        for (const auto& one : all)
            if (tree.contains(one.parent)) tree.insert(one.pid);
    }
    return {tree.begin(), tree.end()};
}

std::vector<std::string> command_of(pid_t pid)
{
    const auto text = file_text("/proc/" + std::to_string(pid) + "/cmdline");
    std::vector<std::string> words;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\0', at), text.size());
        words.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

} // namespace report
