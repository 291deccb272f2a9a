// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/drop_box.h"

#include "helpers/base/crash_point.h"
#include "helpers/base/lock_file.h"
#include "helpers/base/log.h"
#include "statd-callout/helper/client_record.h"
#include "statd-callout/names.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <set>
#include <sys/stat.h>

namespace callout {
namespace {

using base::UniqueFd;

constexpr std::size_t at_once = 4096;  // files of one write to the queue
constexpr std::time_t patience = 3;    // seconds for a callout that writes in place
constexpr std::size_t max_file = 4096; // a line has a name twice at most

// Names of records, oldest first as far as the file system tells.
base::Result<std::vector<std::string>> list_names(const std::string& directory)
{
    const std::unique_ptr<DIR, int (*)(DIR*)> opened{::opendir(directory.c_str()), ::closedir};
    if (!opened) return base::fail(errno, "open " + directory);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(opened.get()))
        if (std::string_view(entry->d_name).starts_with(record_prefix)) names.emplace_back(entry->d_name);
    std::sort(names.begin(), names.end());
    return names;
}

struct Taken {
    enum { whole, young, strange } state = strange;
    queued_db::Operation operation;
};

// The directory belongs to rpc.statd's user: nothing in it is followed or waited for.
Taken read_file(int directory, const std::string& name)
{
    Taken taken;
    const UniqueFd fd{::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    struct stat st {};
    const auto record = parse_key(name);
    if (!fd || !record || why_hostile(record->server) || why_hostile(record->client) || ::fstat(fd.get(), &st) != 0 ||
        !S_ISREG(st.st_mode))
        return taken;
    std::array<char, max_file> bytes; // NOLINT: filled by read
    const auto n = ::read(fd.get(), bytes.data(), bytes.size());
    const auto value = parse_queue_line({bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0))}, name);
    taken.operation.key = name;
    taken.state = Taken::whole;
    if (value) {
        if (!value->empty()) taken.operation.value = *value;
    } else if (std::time(nullptr) - st.st_mtime < patience) {
        taken.state = Taken::young;
    } else {
        taken.operation.value = std::to_string(st.st_mtime);
        base::log::warning("a record that was not written to its end is taken for an add", {{"name", name}});
    }
    return taken;
}

// Brings what lies aside into the queue. What stays is a file still being written.
base::Result<std::size_t> take_aside(int aside, const std::vector<std::string>& names, queued_db::Queue& queue,
                                     std::set<std::string>& staying)
{
    std::vector<queued_db::Operation> operations;
    std::vector<std::string> done;
    for (const auto& name : names) {
        auto taken = read_file(aside, name);
        if (taken.state == Taken::young) {
            staying.insert(name);
            continue;
        }
        if (taken.state == Taken::whole)
            operations.push_back(std::move(taken.operation));
        else
            base::log::error("something that is no record is thrown away", {{"name", name}});
        done.push_back(name);
    }
    if (auto put = queue.put(operations); !put) return tl::unexpected(put.error());
    base::crash_point("take", "queued");
    for (const auto& name : done)
        if (::unlinkat(aside, name.c_str(), 0) != 0 && errno == EISDIR) ::unlinkat(aside, name.c_str(), AT_REMOVEDIR);
    return operations.size();
}

} // namespace

base::Result<std::size_t> take_files_of(const Settings& settings, const std::string& directory, queued_db::Queue& queue)
{
    const auto lock = base::lock_file(settings.kept_directory + "/taken.lock", std::chrono::seconds{10});
    if (!lock) return tl::unexpected(lock.error());
    const UniqueFd from{::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    const UniqueFd aside{::open(settings.taken_directory().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!from || !aside) return base::fail(errno, "open " + (from ? settings.taken_directory() : directory));
    std::set<std::string> staying;
    const auto left = list_names(settings.taken_directory());
    if (!left) return tl::unexpected(left.error());
    auto count = take_aside(aside.get(), *left, queue, staying);
    const auto fresh = count ? list_names(directory) : base::Result<std::vector<std::string>>{};
    if (!count) return count;
    if (!fresh) return tl::unexpected(fresh.error());
    std::vector<std::string> moved;
    for (std::size_t i = 0; i < fresh->size(); ++i) {
        const auto& name = (*fresh)[i];
        if (!staying.contains(name) && ::renameat(from.get(), name.c_str(), aside.get(), name.c_str()) == 0)
            moved.push_back(name);
        if (moved.size() < at_once && i + 1 < fresh->size()) continue;
        base::crash_point("take", "moved");
        const auto more = take_aside(aside.get(), moved, queue, staying);
        if (!more) return more;
        *count += *more;
        moved.clear();
    }
    return count;
}

base::Result<std::size_t> take_files(const Settings& settings, queued_db::Queue& queue)
{
    return take_files_of(settings, settings.queue_directory(), queue);
}

} // namespace callout
