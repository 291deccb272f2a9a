// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/time.h"
#include "mutex-helpers/check/lock_string.h"
#include "mutex-helpers/check/side.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace mutex {
namespace {

using namespace std::chrono_literals;
using Text = base::Result<std::string>;

constexpr auto longest_answer = 30s; // ctdbd gives up long before

tl::unexpected<base::Error> bad(std::string why) { return base::fail(base::Errc::bad_input, std::move(why)); }
tl::unexpected<base::Error> system_error(const std::string& what) { return bad(what + ": " + std::strerror(errno)); }

std::string default_helper()
{
    const char* const given = std::getenv("CTDB_CLUSTER_MUTEX_HELPER");
    return given != nullptr ? given : "/usr/libexec/ctdb/ctdb_mutex_fcntl_helper";
}

Text configured_lock()
{
    FILE* const out = ::popen("/usr/libexec/ctdb/ctdb-config get cluster 'cluster lock' 2>/dev/null", "r");
    if (out == nullptr) return system_error("ctdb-config");
    std::array<char, 4096> line{};
    const bool got = std::fgets(line.data(), line.size(), out) != nullptr;
    ::pclose(out);
    std::string text = got ? line.data() : "";
    while (text.ends_with('\n')) text.pop_back();
    if (text.empty()) return bad("no \"cluster lock\" in ctdb.conf, by ctdb-config");
    return text;
}

// "TYPE SOURCE on MOUNTPOINT with OPTIONS" of the file system that a file is in.
std::string file_system_of(const std::string& directory)
{
    std::array<char, PATH_MAX> real{};
    if (::realpath(directory.c_str(), real.data()) == nullptr) return "an unknown file system";
    const std::string path = real.data();
    std::ifstream list("/proc/self/mountinfo");
    std::string found = "an unknown file system";
    std::size_t longest = 0;
    for (std::string line; std::getline(list, line);) {
        std::istringstream words(line);
        std::string skip, point, options, type, source, super;
        words >> skip >> skip >> skip >> skip >> point >> options;
        while (words >> skip && skip != "-") {}
        words >> type >> source >> super;
        const bool in = path == point || point == "/" || path.rfind(point + "/", 0) == 0;
        if (!in || point.size() < longest) continue;
        longest = point.size();
        found = type + " (" + source + " on " + point + ", " + super + ")";
    }
    return found;
}

std::string one_line(std::string text)
{
    std::replace(text.begin(), text.end(), '\n', ' ');
    while (text.ends_with(' ')) text.pop_back();
    return text;
}

// Reads until the byte, or only the end, is there. Milliseconds that it took.
std::int64_t wait_for(Asker& asker, bool byte)
{
    const auto began = base::now();
    while (asker.out() >= 0 && !(byte && !asker.bytes().empty()) && base::now() < began + longest_answer) {
        pollfd readable{asker.out(), POLLIN, 0};
        ::poll(&readable, 1, 100);
        asker.read();
    }
    return (base::now() - began) / 1ms;
}

} // namespace

Text OwnSide::beside(const std::string& name) const
{
    const auto file = lock_file(command_);
    if (!file) return bad("not a lock file");
    if (name.empty() || name.find('/') != std::string::npos) return bad("not a name");
    const auto slash = file->rfind('/');
    return (slash == std::string::npos ? std::string() : file->substr(0, slash + 1)) + name;
}

Text OwnSide::place() const
{
    if (command_.empty()) return bad("the lock string names no command");
    if (::access(command_[0].c_str(), X_OK) != 0) return system_error(command_[0]);
    const auto file = lock_file(command_);
    if (!file) return command_[0];
    const auto slash = file->rfind('/');
    const auto directory = slash == std::string::npos ? "." : slash == 0 ? "/" : file->substr(0, slash);
    struct stat st {};
    if (::stat(directory.c_str(), &st) != 0) return system_error(directory);
    if (!S_ISDIR(st.st_mode)) return bad(directory + ": not a directory");
    return file_system_of(directory);
}

Asker* OwnSide::asker(const std::string& slot)
{
    const auto found = askers_.find(slot);
    return found == askers_.end() ? nullptr : found->second.get();
}

Text OwnSide::take(const std::string& slot)
{
    if (command_.empty()) return bad("no lock string yet");
    askers_.erase(slot);
    auto started = Asker::start(0, command_);
    if (!started) return bad(started.error().message());
    askers_[slot] = std::move(*started);
    auto& asker = *askers_[slot];
    const auto ms = wait_for(asker, true);
    const auto bytes = asker.bytes().empty() ? "-" : asker.bytes().substr(0, 8);
    return bytes + " " + std::to_string(ms) + " " + one_line(asker.words());
}

Text OwnSide::lost(const std::string& slot)
{
    auto* const held = asker(slot);
    if (held == nullptr) return bad("nothing in " + slot);
    const auto ms = wait_for(*held, false);
    if (held->out() >= 0) return bad("it still holds");
    return std::to_string(ms);
}

Text OwnSide::ask(const std::string& request)
{
    std::istringstream words(request);
    std::string verb, name, rest;
    words >> verb;
    if (verb == "hello") {
        std::array<char, 256> host{};
        ::gethostname(host.data(), host.size() - 1);
        return std::string(host.data());
    }
    if (verb == "lock") return configured_lock();
    if (verb == "place") return place();
    if (verb == "use") {
        command_ = helper_command(request.size() > 4 ? request.substr(4) : "", default_helper());
        return std::string();
    }
    words >> name;
    if (verb == "take") return take(name);
    if (verb == "lost") return lost(name);
    if (verb == "kill" || verb == "term" || verb == "orphan") {
        auto* const held = asker(name);
        if (held == nullptr) return bad("nothing in " + name);
        if (verb == "orphan")
            held->kill_parent();
        else
            held->signal_helper(verb == "kill" ? SIGKILL : SIGTERM);
        return std::string();
    }
    const auto path = beside(name);
    if (!path) return path;
    if (verb == "write") {
        words >> rest;
        std::ofstream file(*path);
        file << rest << std::flush;
        if (!file) return system_error(*path);
        return std::string();
    }
    if (verb == "read") {
        std::ifstream file(*path);
        if (!file) return system_error(*path);
        std::getline(file, rest);
        return rest;
    }
    if (verb == "remove") {
        if (::unlink(path->c_str()) != 0) return system_error(*path);
        return std::string();
    }
    return bad("unknown request " + verb);
}

} // namespace mutex
