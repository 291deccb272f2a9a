// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/processes.h"

#include "tests/bench/figures.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace bench {
namespace {

// The parent as in field 4 of /proc/PID/stat, which follows the last ')' of the name. 0: no such process.
pid_t parent_of(pid_t pid)
{
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(file, line);
    const auto name_end = line.rfind(')');
    if (name_end == std::string::npos) return 0;
    std::istringstream rest(line.substr(name_end + 1));
    char state = 0;
    pid_t parent = 0;
    rest >> state >> parent;
    return parent;
}

} // namespace

Argv::Argv(const std::vector<std::string>& words)
{
    if (words.empty()) die("no command was given");
    for (const auto& word : words) pointers_.push_back(const_cast<char*>(word.c_str()));
    pointers_.push_back(nullptr);
}

std::set<pid_t> tree_of(pid_t root)
{
    std::multimap<pid_t, pid_t> children;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const auto name = entry.path().filename().string();
        pid_t pid = 0;
        if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr == name.data() + name.size())
            children.emplace(parent_of(pid), pid);
    }
    std::set<pid_t> tree;
    std::vector<pid_t> open{root};
    while (!open.empty()) {
        const pid_t pid = open.back();
        open.pop_back();
        tree.insert(pid);
        const auto [from, to] = children.equal_range(pid);
        for (auto child = from; child != to; ++child) open.push_back(child->second);
    }
    return tree;
}

Memory memory_of(pid_t pid)
{
    std::ifstream file("/proc/" + std::to_string(pid) + "/smaps");
    Memory memory;
    bool memfd = false;
    for (std::string line; std::getline(file, line);) {
        if (line.find('-') < line.find(' ')) memfd = line.find("/memfd:") != std::string::npos; // a mapping's head
        if (!line.starts_with("Pss:")) continue;
        const long kb = std::stol(line.substr(4));
        memory.pss_kb += kb;
        if (memfd) memory.memfd_kb += kb;
    }
    return memory;
}

long switches_of(pid_t pid)
{
    long sum = 0;
    std::error_code error;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", error)) {
        std::ifstream file(thread.path() / "status");
        for (std::string line; std::getline(file, line);)
            if (const auto at = line.find("ctxt_switches:"); at != std::string::npos)
                sum += std::stol(line.substr(at + 14));
    }
    return sum;
}

} // namespace bench
