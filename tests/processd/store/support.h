// SPDX-License-Identifier: GPL-3.0-or-later
// tests/processd/store/support.h: a temporary directory, a small file system of its own, and run records to store.
#pragma once

#include "helpers/base/time.h"
#include "processd/model/run_record.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <sstream>
#include <string>
#include <sys/mount.h>

namespace test {

class TemporaryDirectory {
public:
    TemporaryDirectory()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "processd-test-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data()) == nullptr ? "" : pattern;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory()
    {
        if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

    // Puts a tmpfs there, seen by this process alone. False where that is not permitted.
    bool mount_tmpfs(const std::string& size)
    {
        if (::unshare(CLONE_NEWNS) < 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return false;
        mounted_ = ::mount("none", path_.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
        return mounted_;
    }

private:
    std::string path_;
    bool mounted_ = false;
};

inline std::string read_file(const std::string& path)
{
    std::ifstream file{path, std::ios::binary};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

inline void write_file(const std::string& path, const std::string& text)
{
    std::ofstream{path, std::ios::binary} << text;
}

inline constexpr std::int64_t test_epoch_s = 1'790'000'000;
inline base::WallTime at_second(std::int64_t s) { return base::wall_from_ns((test_epoch_s + s) * 1'000'000'000); }

// Ended with code 0 at second `number`, unless changed.
inline processd::model::RunRecord record(std::uint64_t number)
{
    processd::model::RunRecord r;
    r.id = "01TEST" + std::to_string(number);
    r.number = number;
    r.name = "true";
    r.process.command = {"/bin/true"};
    r.process.environment = {{"PATH", "/usr/bin:/bin"}};
    r.state = processd::model::RunState::ended;
    r.outcome = processd::model::Outcome{};
    r.outcome->code = 0;
    r.pid = 1000;
    const auto second = static_cast<std::int64_t>(number);
    r.created = r.started = at_second(second);
    r.ended = at_second(second) + std::chrono::milliseconds{2};
    r.duration = std::chrono::milliseconds{2};
    return r;
}

} // namespace test
