// SPDX-License-Identifier: GPL-3.0-or-later
// tests/helpers/lock/helper_process.h: a real lock helper with its pipe, and processes that hold real locks of real tdb
// files. Everything that was started is killed at the end of its owner.
#pragma once

#include "helpers/base/unique_fd.h"

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <tdb.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace test {

inline constexpr int patience_ms = 60'000;

template <class Condition> bool eventually(Condition condition)
{
    for (int i = 0; i < patience_ms / 5; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

inline bool readable(int fd, int timeout_ms)
{
    pollfd ready{fd, POLLIN, 0};
    int result = 0;
    do result = ::poll(&ready, 1, timeout_ms);
    while (result < 0 && errno == EINTR); // a child that is stopped does that
    return result == 1;
}

struct Pipe {
    base::UniqueFd read, write;
    Pipe()
    {
        int ends[2] = {-1, -1};
        if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
        read.reset(ends[0]);
        write.reset(ends[1]);
    }
    // A byte; -1 for the end of the pipe, nothing if neither came.
    std::optional<int> byte(int timeout_ms = patience_ms)
    {
        if (!readable(read.get(), timeout_ms)) return std::nullopt;
        unsigned char c = 0;
        return ::read(read.get(), &c, 1) == 1 ? int{c} : -1;
    }
};

// A forked process that does something and is killed with its owner.
class Child {
public:
    explicit Child(const std::function<void()>& work) : pid_(::fork())
    {
        if (pid_ != 0) return;
        work();
        ::_exit(0);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() { kill(); }
    [[nodiscard]] pid_t pid() const { return pid_; }
    void signal(int number) const { ::kill(pid_, number); }
    int wait() // the wait status
    {
        int status = 0;
        if (pid_ > 0) ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return status;
    }
    bool ended(int& status)
    {
        if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
        pid_ = -1;
        return true;
    }
    void kill()
    {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        wait();
    }

private:
    pid_t pid_;
};

struct Directory {
    std::filesystem::path path;
    Directory()
    {
        std::string name = "/tmp/lock-helper-test.XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        path = name;
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory() { std::filesystem::remove_all(path); }
};

struct TdbCloser {
    void operator()(tdb_context* tdb) const { tdb_close(tdb); }
};
using Tdb = std::unique_ptr<tdb_context, TdbCloser>;

inline Tdb open_tdb(const std::string& path, int flags)
{
    return Tdb{tdb_open(path.c_str(), 131, flags, O_RDWR | O_CREAT, 0600)};
}

inline TDB_DATA tdb_data(const std::string& text)
{
    return {reinterpret_cast<unsigned char*>(const_cast<char*>(text.data())), text.size()};
}

// What a helper leaves on stderr, and its byte.
class Helper {
public:
    // argv after the descriptor; ctdbd is the pid that it is given. before runs in the child right before exec.
    Helper(
        pid_t ctdbd, const std::vector<std::string>& arguments, const std::function<void()>& before = [] {})
        : child_([&] {
              ::fcntl(pipe_.write.get(), F_SETFD, 0);
              ::dup2(errors_.write.get(), STDERR_FILENO);
              std::vector<std::string> words{LOCK_HELPER, std::to_string(ctdbd), std::to_string(pipe_.write.get())};
              words.insert(words.end(), arguments.begin(), arguments.end());
              std::vector<char*> argv;
              for (auto& word : words) argv.push_back(word.data());
              argv.push_back(nullptr);
              before();
              ::execv(LOCK_HELPER, argv.data());
              ::_exit(99);
          })
    {
        pipe_.write.reset();
        errors_.write.reset();
    }
    std::optional<int> byte(int timeout_ms = patience_ms) { return pipe_.byte(timeout_ms); }
    Child& process() { return child_; }
    [[nodiscard]] pid_t pid() const { return child_.pid(); }
    void close_pipe() { pipe_.read.reset(); }
    std::string errors() // until its end
    {
        std::string text;
        for (char c = 0; ::read(errors_.read.get(), &c, 1) == 1;) text += c;
        return text;
    }
    bool has_error() { return readable(errors_.read.get(), 0); }
    std::string error_line()
    {
        std::string text;
        for (char c = 0;
             readable(errors_.read.get(), patience_ms) && ::read(errors_.read.get(), &c, 1) == 1 && c != '\n';)
            text += c;
        return text;
    }
    // A blocked helper: in the kernel, in a wait for an fcntl lock or a futex.
    bool blocks()
    {
        return eventually([&] {
            std::ifstream in("/proc/" + std::to_string(pid()) + "/syscall");
            long number = -1;
            in >> number;
            return number == SYS_fcntl || number == SYS_futex;
        });
    }

private:
    Pipe pipe_, errors_;
    Child child_;
};

} // namespace test
