// SPDX-License-Identifier: GPL-3.0-or-later
// processd-prepare: what must be asked of the host before a command can be started, in a process of its own, because
// the name service, an environment file or a directory may keep its asker waiting. Run by ctdb-processd; its standard
// output is one "KEY VALUE" line each: uid, gid, groups, user, home, shell, and "env NAME=VALUE" for each line of the
// file. Exit 0, or 1 with one sentence on standard error.
#include "helpers/base/unique_fd.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <optional>
#include <pwd.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr std::size_t max_file_bytes = 1U << 20U;

[[noreturn]] void die(const std::string& message)
{
    std::fprintf(stderr, "%s\n", message.c_str());
    std::exit(1);
}

std::optional<unsigned> number(std::string_view text)
{
    unsigned value = 0;
    const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
    return value;
}

gid_t group_id(const std::string& name)
{
    errno = 0;
    if (const group* found = ::getgrnam(name.c_str())) return found->gr_gid;
    if (const auto id = number(name)) return *id;
    die("there is no group \"" + name + "\"" + (errno != 0 ? std::string(": ") + std::strerror(errno) : ""));
}

struct User {
    uid_t uid;
    gid_t gid;
    std::string name, home = "/", shell = "/bin/sh";
    std::vector<gid_t> groups;
};

User user_named(const std::string& name)
{
    errno = 0;
    const passwd* found = ::getpwnam(name.c_str());
    if (found == nullptr)
        if (const auto id = number(name)) {
            found = ::getpwuid(*id);
            if (found == nullptr) return {*id, *id, name, "/", "/bin/sh", {*id}}; // a number needs no name
        }
    if (found == nullptr)
        die("there is no user \"" + name + "\"" + (errno != 0 ? std::string(": ") + std::strerror(errno) : ""));
    User user{found->pw_uid, found->pw_gid, found->pw_name, found->pw_dir, found->pw_shell, {}};
    int count = 64;
    user.groups.resize(static_cast<std::size_t>(count));
    while (::getgrouplist(user.name.c_str(), user.gid, user.groups.data(), &count) < 0)
        user.groups.resize(static_cast<std::size_t>(count));
    user.groups.resize(static_cast<std::size_t>(count));
    return user;
}

std::string file_text(const std::string& path)
{
    const base::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd) die("environment file " + path + ": " + std::strerror(errno));
    std::string text;
    std::array<char, 16384> buffer{};
    while (true) {
        const auto n = ::read(fd.get(), buffer.data(), buffer.size());
        if (n < 0) die("environment file " + path + ": " + std::strerror(errno));
        if (n == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(n));
        if (text.size() > max_file_bytes) die("environment file " + path + " is larger than 1 MiB");
    }
}

// NAME=value lines as systemd and shells write them: blank lines and comments are passed over, one pair of quotes
// around the whole value is taken off. Nothing is expanded.
void print_environment(const std::string& path)
{
    const auto text = file_text(path);
    std::size_t line_number = 0;
    for (std::string_view rest = text; !rest.empty();) {
        const auto end = rest.find('\n');
        auto line = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        ++line_number;
        const auto begin = line.find_first_not_of(" \t\r");
        if (begin == std::string_view::npos || line[begin] == '#' || line[begin] == ';') continue;
        line = line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
        if (line.starts_with("export ")) line.remove_prefix(7);
        const auto equals = line.find('=');
        const auto name = line.substr(0, equals);
        const bool good = equals != std::string_view::npos && !name.empty() &&
                          name.find_first_of(" \t\"'") == std::string_view::npos &&
                          line.find('\0') == std::string_view::npos;
        if (!good) die("environment file " + path + ":" + std::to_string(line_number) + ": not NAME=value");
        auto value = line.substr(equals + 1);
        if (value.size() >= 2 && value.front() == value.back() && (value.front() == '"' || value.front() == '\''))
            value = value.substr(1, value.size() - 2);
        std::printf("env %.*s=%.*s\n", static_cast<int>(name.size()), name.data(), static_cast<int>(value.size()),
                    value.data());
    }
}

// Owned by the user, mode 0755. One that exists is taken over, but never through a symbolic link.
void make_directory(const std::string& path, const User& user)
{
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
        die("runtime directory " + path + ": " + std::strerror(errno));
    const base::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!fd) die("runtime directory " + path + ": " + std::strerror(errno));
    if (::fchown(fd.get(), user.uid, user.gid) != 0 || ::fchmod(fd.get(), 0755) != 0)
        die("runtime directory " + path + ": " + std::strerror(errno));
}

void usage(FILE* to)
{
    std::fputs("Usage: processd-prepare --user NAME [--group NAME] [--groups NAME,…] [--environment-file PATH]\n"
               "                        [--runtime-directory PATH]\n"
               "       processd-prepare --remove-runtime-directory PATH\n",
               to);
}

} // namespace

int main(int argc, char** argv)
{
    std::string user_name;
    std::optional<std::string> group, groups, environment_file, directory, removed;
    const std::array<option, 8> options{{{"user", required_argument, nullptr, 'u'},
                                         {"group", required_argument, nullptr, 'g'},
                                         {"groups", required_argument, nullptr, 'G'},
                                         {"environment-file", required_argument, nullptr, 'e'},
                                         {"runtime-directory", required_argument, nullptr, 'd'},
                                         {"remove-runtime-directory", required_argument, nullptr, 'r'},
                                         {"help", no_argument, nullptr, 'h'},
                                         {nullptr, 0, nullptr, 0}}};
    for (int c = 0; (c = ::getopt_long(argc, argv, "", options.data(), nullptr)) != -1;) switch (c) {
        case 'u': user_name = optarg; break;
        case 'g': group = optarg; break;
        case 'G': groups = optarg; break;
        case 'e': environment_file = optarg; break;
        case 'd': directory = optarg; break;
        case 'r': removed = optarg; break;
        case 'h': usage(stdout); return 0;
        default: usage(stderr); return 1;
        }
    if (removed) {
        // Only the directory itself, with what it holds, on its own file system.
        ::execlp("rm", "rm", "-rf", "--one-file-system", "--", removed->c_str(), nullptr);
        die("rm: " + std::string(std::strerror(errno)));
    }
    if (user_name.empty()) {
        usage(stderr);
        return 1;
    }
    auto user = user_named(user_name);
    if (group) user.gid = group_id(*group);
    if (groups) {
        user.groups.clear();
        for (std::string_view rest = *groups; !rest.empty();) {
            const auto comma = rest.find(',');
            user.groups.push_back(group_id(std::string(rest.substr(0, comma))));
            rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
        }
    }
    if (directory) make_directory(*directory, user);
    std::string list;
    for (const auto gid : user.groups) list += (list.empty() ? "" : ",") + std::to_string(gid);
    std::printf("uid %u\ngid %u\ngroups %s\nuser %s\nhome %s\nshell %s\n", user.uid, user.gid, list.c_str(),
                user.name.c_str(), user.home.c_str(), user.shell.c_str());
    if (environment_file) print_environment(*environment_file);
    if (std::fflush(stdout) != 0) die("standard output: " + std::string(std::strerror(errno)));
    return 0;
}
