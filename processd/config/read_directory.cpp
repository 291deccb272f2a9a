// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/read_directory.h"

#include "helpers/base/unique_fd.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <map>
#include <memory>
#include <sys/stat.h>

namespace processd::config {
namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

constexpr std::string_view file_suffix = ".toml";
constexpr std::string_view drop_in_suffix = ".d";

Directory open_directory(int at, const char* name)
{
    const int fd = ::openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return nullptr;
    Directory directory{::fdopendir(fd)};
    if (!directory) ::close(fd);
    return directory;
}

// The names in it, sorted; false with errno set if reading broke off.
bool list(DIR* directory, std::vector<std::string>& names)
{
    while (true) {
        errno = 0;
        const dirent* entry = ::readdir(directory);
        if (entry == nullptr) break;
        if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    }
    const int problem = errno;
    std::sort(names.begin(), names.end());
    errno = problem;
    return problem == 0;
}

std::string stem_of(const std::string& name, std::string_view suffix)
{
    return name.size() > suffix.size() && name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size())
                                                                 : std::string();
}

// Of what has the name of a configuration elsewhere, and is none here.
std::string better_name(const std::string& name)
{
    static constexpr std::array<std::string_view, 8> suffixes{".service", ".conf", ".cfg",  ".ini",
                                                              ".yaml",    ".yml",  ".json", ".TOML"};
    if (const auto stem = stem_of(name, ".toml.d"); !stem.empty()) return stem + ".d";
    for (const auto suffix : suffixes)
        if (const auto stem = stem_of(name, suffix); !stem.empty()) return stem + ".toml";
    return {};
}

bool is_directory(int at, const std::string& name)
{
    struct stat status {};
    return ::fstatat(at, name.c_str(), &status, 0) == 0 && S_ISDIR(status.st_mode);
}

class Reading {
public:
    explicit Reading(Problems& problems) : problems_(problems) {}

    std::vector<SourceSet> all(const std::string& path)
    {
        const Directory directory = open_directory(AT_FDCWD, path.c_str());
        std::vector<std::string> names;
        if (!directory || !list(directory.get(), names)) {
            complain(path, directory_problem(errno));
            return {};
        }
        const int at = ::dirfd(directory.get());
        for (const auto& name : names)
            if (const auto better = better_name(name); !better.empty())
                problems_.push_back(
                    {path + "/" + name, 0, 0, "", "is not read; for it to count, rename it to " + better, {}, true});
        for (const auto& name : names)
            if (const auto stem = stem_of(name, file_suffix); !stem.empty()) {
                auto& set = sets_[stem];
                set.has_main = true;
                add(set, at, name, path + "/" + name);
            }
        for (const auto& name : names)
            if (const auto stem = stem_of(name, drop_in_suffix); !stem.empty() && is_directory(at, name))
                drop_ins(stem, at, name, path + "/" + name);
        std::vector<SourceSet> sorted;
        for (auto& [name, set] : sets_) {
            set.name = name;
            sorted.push_back(std::move(set));
        }
        return sorted;
    }

private:
    void drop_ins(const std::string& stem, int above, const std::string& name, const std::string& path)
    {
        const Directory directory = open_directory(above, name.c_str());
        std::vector<std::string> names;
        if (!directory || !list(directory.get(), names)) {
            complain(path, std::string("the drop-in directory cannot be read: ") + std::strerror(errno));
            sets_[stem].complete = false;
            return;
        }
        for (const auto& file : names)
            if (!stem_of(file, file_suffix).empty())
                add(sets_[stem], ::dirfd(directory.get()), file, path + "/" + file);
    }

    void add(SourceSet& set, int at, const std::string& name, const std::string& path)
    {
        SourceFile file{path, {}};
        const auto problem = ++count_ > max_files ? std::string() : read(at, name, file.text);
        if (count_ <= max_files && problem.empty()) {
            set.files.push_back(std::move(file));
            return;
        }
        set.complete = false;
        if (count_ <= max_files)
            complain(path, problem);
        else if (count_ == max_files + 1)
            complain(path, "the configuration has more than " + std::to_string(max_files) +
                               " files; this one and those after it were not read");
    }

    static std::string read(int at, const std::string& name, std::string& text)
    {
        // Looked at before it is opened, as opening alone can set a device in motion, and again in case it was
        // replaced.
        struct stat status {};
        if (::fstatat(at, name.c_str(), &status, 0) < 0) return cannot_read(errno);
        if (!S_ISREG(status.st_mode)) return not_regular();
        const base::UniqueFd fd{::openat(at, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
        if (!fd || ::fstat(fd.get(), &status) < 0) return cannot_read(errno);
        if (!S_ISREG(status.st_mode)) return not_regular();
        // One byte more than there should be shows the end at once; a file that grows meanwhile is followed.
        std::size_t size = 0;
        text.resize(std::min(static_cast<std::size_t>(status.st_size), max_file_bytes) + 1);
        while (true) {
            const auto got = ::read(fd.get(), text.data() + size, text.size() - size);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return cannot_read(errno);
            if (got == 0) break;
            size += static_cast<std::size_t>(got);
            if (size > max_file_bytes) return "the file is larger than 1 MiB";
            if (size == text.size()) text.resize(std::min(2 * size, max_file_bytes + 1));
        }
        text.resize(size);
        return {};
    }

    static std::string cannot_read(int error) { return std::string("cannot be read: ") + std::strerror(error); }
    static std::string not_regular() { return "is not a regular file; rename it if it is not configuration"; }
    static std::string directory_problem(int error)
    {
        switch (error) {
        case ENOENT: return "the configuration directory does not exist; create it, or name another with --config-dir";
        case ENOTDIR: return "is not a directory; name the directory that holds NAME.toml files with --config-dir";
        default: return std::string("the configuration directory cannot be read: ") + std::strerror(error);
        }
    }
    void complain(const std::string& path, std::string message)
    {
        problems_.push_back({path, 0, 0, "", std::move(message)});
    }

    Problems& problems_;
    std::map<std::string, SourceSet> sets_;
    std::size_t count_ = 0;
};

} // namespace

std::vector<SourceSet> read_directory(const std::string& directory, Problems& problems)
{
    auto path = directory;
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return Reading{problems}.all(path.empty() ? "." : path);
}

} // namespace processd::config
