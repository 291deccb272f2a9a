// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/startup.h"

#include "helpers/addresses/address_file.h"
#include "helpers/base/log.h"
#include "helpers/base/unique_fd.h"
#include "helpers/command/command.h"
#include "statd-callout/helper/drop_box.h"
#include "statd-callout/helper/update.h"

#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>

namespace callout {
namespace {

base::Result<void> make_directories(const std::string& path, mode_t mode = 0755)
{
    for (auto slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
        const auto part = path.substr(0, slash);
        if (::mkdir(part.c_str(), slash == std::string::npos ? mode : 0755) != 0 && errno != EEXIST)
            return base::fail(errno, "make " + part);
        if (slash == std::string::npos) return {};
    }
}

// Only the directory itself changes hands; those above it are as they are.
base::Result<void> make_directory_for_statd(const std::string& path, const Settings& settings)
{
    if (auto made = make_directories(path); !made) return made;
    struct stat sm {};
    if (settings.sm_directory.empty() || ::stat(settings.sm_directory.c_str(), &sm) != 0)
        return base::fail(base::Errc::not_found, "rpc.statd has no directory sm");
    const base::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!fd || ::fchown(fd.get(), sm.st_uid, sm.st_gid) != 0) return base::fail(errno, "chown " + path);
    return {};
}

base::Result<void> write_file(const std::string& path, std::string_view text)
{
    const auto beside = path + ".new." + std::to_string(::getpid());
    const base::UniqueFd fd{::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
    if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fchmod(fd.get(), 0644) != 0 || ::fdatasync(fd.get()) != 0 || std::rename(beside.c_str(), path.c_str()) != 0)
        return base::fail(errno, "write " + path);
    return {};
}

std::string config_text(const Settings& settings)
{
    std::string text;
    if (settings.storage == Storage::none) {
        text = "none\n";
    } else {
        const bool db = settings.storage == Storage::persistent_db;
        text = std::string(db ? "persistent_db\n" : "shared_dir\n") +
               (db ? settings.queue_directory() : settings.shared_directory) + "\n" + settings.address_cache() + "\n";
    }
    return text + "durability = " + settings.durability + "\nmountd = " + settings.mountd +
           "\naddresses = " + settings.kept_addresses() + "\n";
}

// Where other versions have their queues: 4.21 and later, 4.17.
std::vector<std::string> queues_of_others(const Settings& settings)
{
    return {settings.own_directory + "/queue", settings.script_directory + "/service/nfs/statd-callout"};
}

// A callout that was killed leaves its unfinished file.
void remove_unfinished(const std::string& directory)
{
    const std::unique_ptr<DIR, int (*)(DIR*)> opened{::opendir(directory.c_str()), ::closedir};
    if (!opened) return;
    while (const dirent* entry = ::readdir(opened.get())) {
        const std::string_view name = entry->d_name;
        struct stat st {};
        if (!name.starts_with(".new.") ||
            ::fstatat(::dirfd(opened.get()), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (::time(nullptr) - st.st_mtime > 60) ::unlinkat(::dirfd(opened.get()), entry->d_name, 0);
    }
}

base::Result<void> attach(const Settings& settings)
{
    auto argv = settings.ctdb;
    argv.insert(argv.end(), {"attach", settings.db, "persistent"});
    const auto ran = command::run(argv, {}, std::chrono::seconds{10});
    if (!ran) return tl::unexpected(ran.error());
    if (!ran->good()) return base::fail(base::Errc::unavailable, "ctdb attach " + settings.db + " " + ran->reason());
    return {};
}

base::Result<void> prepare_queue(const Settings& settings)
{
    auto made = make_directory_for_statd(settings.queue_directory(), settings);
    if (made) made = make_directories(settings.taken_directory(), 0700);
    if (made) made = attach(settings);
    if (!made) return made;
    remove_unfinished(settings.queue_directory());
    auto queue = open_queue(settings);
    if (!queue) return tl::unexpected(queue.error());
    for (const auto& directory : queues_of_others(settings)) {
        if (::access(directory.c_str(), F_OK) != 0) continue;
        const auto taken = take_files_of(settings, directory, *queue);
        if (!taken) return tl::unexpected(taken.error());
        if (*taken > 0)
            base::log::info("records of CTDB's callout taken over", {{"directory", directory}, {"count", *taken}});
    }
    return {};
}

} // namespace

void keep_addresses(const Settings& settings)
{
    const auto cached = addresses::AddressFile{settings.address_cache()}.read();
    const auto kept = addresses::AddressFile{settings.kept_addresses()};
    if (!cached || kept.read() == *cached) return;
    if (const auto replaced = kept.replace(*cached); !replaced)
        base::log::warning("the public addresses could not be kept", {{"error", replaced.error().message()}});
}

base::Result<void> start_up(const Settings& settings)
{
    auto done = make_directories(settings.own_directory);
    if (done) done = make_directories(settings.kept_directory);
    if (done) done = addresses::AddressFile{settings.new_addresses()}.replace({});
    if (done && settings.storage == Storage::persistent_db) done = prepare_queue(settings);
    if (done && settings.storage == Storage::shared_dir)
        done = make_directory_for_statd(settings.shared_directory, settings);
    const auto text = config_text(settings);
    if (done) done = write_file(settings.kept_directory + "/statd_callout.conf", text);
    if (done) done = write_file(settings.config_file, text);
    if (done) keep_addresses(settings);
    return done;
}

base::Result<void> hand_back(const Settings& settings)
{
    if (settings.storage != Storage::persistent_db) return {};
    if (const auto flushed = update(settings); !flushed)
        base::log::warning("what waits could not be carried", {{"error", flushed.error().message()}});
    auto queue = open_queue(settings);
    if (!queue) return tl::unexpected(queue.error());
    const auto alone = queue->hold_flushes();
    if (!alone) return tl::unexpected(alone.error());
    const auto pending = queue->pending();
    if (!pending) return tl::unexpected(pending.error());
    std::size_t count = 0;
    for (const auto& directory : queues_of_others(settings)) {
        if (auto made = make_directory_for_statd(directory, settings); !made) return made;
        for (const auto& entry : *pending) {
            const auto line = "\"" + entry.operation.key + "\" \"" + entry.operation.value.value_or("") + "\"\n";
            if (auto written = write_file(directory + "/" + entry.operation.key, line); !written) return written;
        }
        count = pending->size();
    }
    if (count > 0) base::log::info("records left for CTDB's programs", {{"count", count}});
    const auto dropped = queue->flush_held([](const std::string&) { return base::Result<void>{}; },
                                           [](const queued_db::Operation&) { return queued_db::Decision::drop; });
    return dropped ? base::Result<void>{} : base::Result<void>{tl::unexpected(dropped.error())};
}

} // namespace callout
