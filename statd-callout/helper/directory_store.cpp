// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/directory_store.h"

#include "helpers/base/crash_point.h"
#include "helpers/base/lock_file.h"
#include "statd-callout/names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <memory>

namespace callout {
namespace {

using base::UniqueFd;

constexpr std::string_view aside_prefix = ".removing."; // before a record's name, while it is looked at
constexpr std::string_view hidden_state = ".nsm-state@";

std::string read_small(int directory, const std::string& name)
{
    const UniqueFd fd{::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    std::array<char, 256> bytes; // NOLINT: filled by read
    const auto n = fd ? ::read(fd.get(), bytes.data(), bytes.size()) : 0;
    return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
}

base::Result<void> write_small(int directory, const std::string& name, std::string_view text, int flags)
{
    const UniqueFd fd{::openat(directory, name.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC | flags, 0644)};
    if (!fd && errno == ENOENT && (flags & O_CREAT) == 0) return {}; // was removed meanwhile
    if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(fd.get()) != 0)
        return base::fail(errno, "write " + name);
    return {};
}

} // namespace

base::Result<UniqueFd> DirectoryStore::hold(base::Duration timeout)
{
    return base::lock_file(settings_.kept_directory + "/shared.lock", timeout);
}

base::Result<Stored> DirectoryStore::read()
{
    const auto& path = settings_.shared_directory;
    const std::unique_ptr<DIR, int (*)(DIR*)> directory{::opendir(path.c_str()), ::closedir};
    if (!directory) return base::fail(errno, "open " + path);
    const int fd = ::dirfd(directory.get());
    Stored stored;
    while (const dirent* entry = ::readdir(directory.get())) {
        std::string_view name = entry->d_name;
        // Whoever looked at it did not finish: it may be one that has to stay.
        if (name.starts_with(aside_prefix)) {
            const std::string aside{name};
            name.remove_prefix(aside_prefix.size());
            if (::linkat(fd, aside.c_str(), fd, std::string(name).c_str(), 0) == 0 || errno == EEXIST)
                ::unlinkat(fd, aside.c_str(), 0);
        }
        if (name.starts_with(hidden_state)) {
            const auto text = read_small(fd, std::string(name));
            std::int32_t state = 0;
            std::from_chars(text.data(), text.data() + text.size(), state);
            stored.states[std::string(name.substr(hidden_state.size()))] = state;
        }
        auto record = parse_key(name);
        if (!record) continue;
        record->value = read_small(fd, std::string(name));
        stored.records.push_back(std::move(*record));
    }
    std::sort(stored.records.begin(), stored.records.end());
    stored.records.erase(std::unique(stored.records.begin(), stored.records.end()), stored.records.end());
    return stored;
}

base::Result<void> DirectoryStore::mark_records(const std::vector<ClientRecord>& records, const std::string& server,
                                                std::int32_t state)
{
    const UniqueFd directory{::open(settings_.shared_directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!directory) return base::fail(errno, "open " + settings_.shared_directory);
    auto written =
        write_small(directory.get(), std::string(hidden_state) + server, std::to_string(state), O_CREAT | O_TRUNC);
    for (const auto& record : records)
        if (written) written = write_small(directory.get(), record.key(), mark(state), O_TRUNC);
    return written;
}

base::Result<void> DirectoryStore::remove_marked(const std::vector<ClientRecord>& records)
{
    const UniqueFd directory{::open(settings_.shared_directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!directory) return base::fail(errno, "open " + settings_.shared_directory);
    for (const auto& record : records) {
        const auto name = record.key(), aside = std::string(aside_prefix) + name;
        if (!marked_state(read_small(directory.get(), name))) continue;
        if (::renameat(directory.get(), name.c_str(), directory.get(), aside.c_str()) != 0) continue;
        base::crash_point("remove", "aside");
        if (!marked_state(read_small(directory.get(), aside)))
            ::linkat(directory.get(), aside.c_str(), directory.get(), name.c_str(), 0);
        ::unlinkat(directory.get(), aside.c_str(), 0);
    }
    return {};
}

} // namespace callout
