// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/instance.h"

#include "helpers/base/time.h"
#include "processd/keeper/cgroup.h"
#include "processd/keeper/host.h"
#include "processd/keeper/sockets.h"
#include "processd/keeper/sweep.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace processd::keeper {
namespace {

using namespace std::chrono_literals;
using base::Errc;
using base::fail;

constexpr auto kill_patience = 5s;
constexpr auto look_again = 20ms;
constexpr auto one_sweep = 2s;
constexpr std::size_t named_pids = 8;

struct Instance {
    std::string epoch;
    std::string cgroup;
};

Instance read_instance(const std::string& path)
{
    Instance instance;
    for (const auto& line : split(read_small_file(path.c_str()), '\n')) {
        if (line.rfind("epoch ", 0) == 0) instance.epoch = line.substr(6);
        if (line.rfind("cgroup ", 0) == 0) instance.cgroup = line.substr(7);
    }
    return instance;
}

// A whole sweep by mark over the host, waited for.
std::vector<pid_t> sweep_by_mark(const std::string& mark, int signal)
{
    SweepTask task;
    task.mark = mark;
    task.signal = signal;
    while (true) {
        auto sweep = Sweep::start(task);
        if (!sweep) return {};
        const auto deadline = base::now() + one_sweep;
        bool ended = false;
        while (!ended && base::now() < deadline) {
            pollfd wait{sweep->fd(), POLLIN, 0};
            ::poll(&wait, 1, 100);
            ended = sweep->read();
        }
        if (!ended) sweep->give_up();
        if (ended) ::waitpid(sweep->pid(), nullptr, 0);
        if (ended || sweep->looking_at() == 0) return sweep->found();
        task.unread.push_back(sweep->looking_at());
    }
}

base::Result<void> make_directory(const std::string& path, const char* what)
{
    if (::mkdir(path.c_str(), 0755) < 0 && errno != EEXIST)
        return fail(errno, std::string("make the ") + what + " " + path);
    struct stat found {};
    if (::stat(path.c_str(), &found) < 0) return fail(errno, std::string("look at the ") + what + " " + path);
    if (!S_ISDIR(found.st_mode)) return fail(ENOTDIR, std::string("use the ") + what + " " + path);
    if (found.st_uid != ::geteuid())
        return fail(Errc::not_permitted, std::string("the ") + what + " " + path + " belongs to uid " +
                                             std::to_string(found.st_uid) + ", but must belong to uid " +
                                             std::to_string(::geteuid()) + ", as which ctdb-processd runs");
    if ((found.st_mode & S_IWOTH) != 0)
        return fail(Errc::not_permitted, std::string("the ") + what + " " + path +
                                             " is writable by everybody; use a directory with mode 0755");
    if (::access(path.c_str(), W_OK | X_OK) < 0) return fail(errno, std::string("write to the ") + what + " " + path);
    return {};
}

} // namespace

base::Result<void> prepare_runtime_dir(const Options& options)
{
    if (auto fits = check_socket_path(options.api_socket()); !fits) return fits;
    if (auto fits = check_socket_path(options.notify_dir() + "/18446744073709551615"); !fits) return fits;
    if (auto made = make_directory(options.runtime_dir, "runtime directory"); !made) return made;
    return make_directory(options.notify_dir(), "directory for notify sockets");
}

void clear_notify_dir(const std::string& path)
{
    const std::unique_ptr<DIR, int (*)(DIR*)> list{::opendir(path.c_str()), ::closedir};
    while (const dirent* entry = list ? ::readdir(list.get()) : nullptr)
        if (entry->d_name[0] != '.') ::unlink((path + "/" + &entry->d_name[0]).c_str());
}

base::Result<base::UniqueFd> take_instance_lock(const std::string& path)
{
    base::UniqueFd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644)};
    if (!fd) return fail(errno, "open the lock " + path);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(fd.get(), F_SETLK, &lock) < 0) {
        if (errno != EAGAIN && errno != EACCES) return fail(errno, "lock " + path);
        struct flock holder {};
        holder.l_type = F_WRLCK;
        holder.l_whence = SEEK_SET;
        std::string pid;
        if (::fcntl(fd.get(), F_GETLK, &holder) == 0 && holder.l_type != F_UNLCK && holder.l_pid > 0)
            pid = std::to_string(holder.l_pid);
        else // of another pid namespace: what it wrote itself
            pid = read_small_file(path.c_str());
        while (!pid.empty() && pid.back() == '\n') pid.pop_back();
        return fail(Errc::conflict, path + " is held by another ctdb-processd, pid " + (pid.empty() ? "unknown" : pid) +
                                        "; stop it, or use another --runtime-dir");
    }
    const auto text = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd.get(), 0) < 0 || ::pwrite(fd.get(), text.data(), text.size(), 0) < 0)
        return fail(errno, "write to " + path);
    return fd;
}

Leftovers find_leftovers(const std::string& instance_file)
{
    const auto instance = read_instance(instance_file);
    Leftovers left;
    if (!instance.cgroup.empty()) {
        left.cgroup = instance.cgroup;
        left.pids = processes_in(open_cgroup(instance.cgroup));
    }
    if (left.pids.empty() && !instance.epoch.empty()) {
        left.cgroup.clear();
        left.mark = instance.epoch + ".";
        left.pids = sweep_by_mark(left.mark, 0);
    }
    return left;
}

std::vector<pid_t> kill_leftovers(const std::string& instance_file)
{
    const auto deadline = base::now() + kill_patience;
    while (true) {
        const auto left = find_leftovers(instance_file);
        if (left.pids.empty() || base::now() > deadline) return left.pids;
        if (!left.cgroup.empty())
            kill_all_in(open_cgroup(left.cgroup));
        else
            sweep_by_mark(left.mark, SIGKILL);
        ::poll(nullptr, 0, static_cast<int>(std::chrono::milliseconds{look_again}.count()));
    }
}

void forget_instance(const std::string& instance_file)
{
    const auto instance = read_instance(instance_file);
    if (!instance.cgroup.empty()) {
        remove_cgroup(instance.cgroup);
        remove_cgroup(aside_of(instance.cgroup));
    }
    ::unlink(instance_file.c_str());
}

base::Result<void> write_instance(const std::string& instance_file, std::uint64_t epoch, const std::string& cgroup)
{
    const auto text = "pid " + std::to_string(::getpid()) + "\nepoch " + std::to_string(epoch) +
                      (cgroup.empty() ? "\n" : "\ncgroup " + cgroup + "\n");
    const auto fresh = instance_file + ".new";
    {
        const base::UniqueFd fd{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644)};
        if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
            return fail(errno, "write " + fresh);
    }
    if (::rename(fresh.c_str(), instance_file.c_str()) < 0) return fail(errno, "write " + instance_file);
    return {};
}

std::string name_pids(const std::vector<pid_t>& pids)
{
    std::string text;
    for (std::size_t i = 0; i < std::min(pids.size(), named_pids); ++i)
        text += (i == 0 ? "" : ", ") + std::to_string(pids[i]);
    if (pids.size() > named_pids) text += " and " + std::to_string(pids.size() - named_pids) + " more";
    return text;
}

} // namespace processd::keeper
