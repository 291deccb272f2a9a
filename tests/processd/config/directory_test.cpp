// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/load.h"

#include "tests/processd/config/texts.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace processd;
namespace fs = std::filesystem;

namespace {

class TemporaryDirectory {
public:
    TemporaryDirectory()
    {
        std::string name = (fs::temp_directory_path() / "config-test-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() { fs::remove_all(path_); }

    [[nodiscard]] std::string path() const { return path_.string(); }
    void write(const std::string& name, const std::string& text) const
    {
        fs::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name, std::ios::binary) << text;
    }

private:
    fs::path path_;
};

// Another effective user for as long as it lives, where the test may choose.
class AsNobody {
public:
    AsNobody() : was_(::geteuid())
    {
        if (was_ == 0) REQUIRE(::seteuid(65534) == 0);
    }
    AsNobody(const AsNobody&) = delete;
    AsNobody& operator=(const AsNobody&) = delete;
    ~AsNobody()
    {
        if (::seteuid(was_) != 0) std::abort();
    }

private:
    uid_t was_;
};

const std::string good = "[service]\ncommand = [\"/bin/true\"]\n";

// The problems without the directory's name before them.
std::string problems_in(const TemporaryDirectory& directory)
{
    auto text = texts::problems(config::load(directory.path()));
    for (std::size_t at = 0; (at = text.find(directory.path(), at)) != std::string::npos;)
        text.replace(at, directory.path().size(), "DIR");
    return text;
}

// As a user who is not root, since root reads everything; mode is the directory's while it is read.
std::string problems_as_nobody(const TemporaryDirectory& directory, mode_t mode)
{
    REQUIRE(::chmod(directory.path().c_str(), mode) == 0);
    std::string problems;
    {
        const AsNobody nobody;
        problems = problems_in(directory);
    }
    REQUIRE(::chmod(directory.path().c_str(), 0700) == 0);
    return problems;
}

} // namespace

TEST_CASE("a directory of services is loaded, with drop-ins in the order of their names", "[config][directory]")
{
    const TemporaryDirectory directory;
    directory.write("a.toml", good);
    directory.write("b.toml", good);
    directory.write("b.d/20-last.toml", "[service]\nnice = 2");
    directory.write("b.d/10-first.toml", "[service]\nnice = 1\numask = \"077\"");
    directory.write("processd.d/x.toml", "log_level = \"debug\"");
    const auto loaded = config::load(directory.path() + "/");
    REQUIRE(texts::problems(loaded).empty());
    CHECK(loaded->services.size() == 2);
    CHECK(loaded->services.at("b").process.nice == 2);
    CHECK(loaded->services.at("b").process.umask == 077);
    CHECK(loaded->daemon.log_level == "debug");
    CHECK(config::check_report(directory.path(), loaded) == directory.path() + ": 2 services, all well\n");
}

TEST_CASE("an empty directory is a daemon without services", "[config][directory]")
{
    const TemporaryDirectory directory;
    const auto loaded = config::load(directory.path());
    REQUIRE(loaded);
    CHECK(loaded->services.empty());
    CHECK(config::check_report("x", loaded) == "x: 0 services, all well\n");
}

TEST_CASE("editors' backups, hidden files and what is not TOML are passed over", "[config][directory]")
{
    const TemporaryDirectory directory;
    directory.write("a.toml", good);
    for (const char* name : {"a.toml~", ".a.toml.swp", ".#a.toml", "#a.toml#", ".hidden.toml", "a.toml.dpkg-old",
                             "README", "a.d/.x.toml", "a.d/x.toml~", "notes.d/README", "a.toml.d.txt"})
        directory.write(name, "nonsense");
    const auto loaded = config::load(directory.path());
    CHECK(texts::problems(loaded).empty());
    REQUIRE(loaded);
    CHECK(loaded->services.size() == 1);
}

TEST_CASE("a directory that cannot be used is one clear sentence", "[config][directory]")
{
    const TemporaryDirectory directory;
    directory.write("file", "");
    const auto missing = config::load(directory.path() + "/none");
    CHECK(texts::problems(missing) == directory.path() +
                                          "/none: the configuration directory does not exist; create it, "
                                          "or name another with --config-dir");
    CHECK(texts::problems(config::load(directory.path() + "/file")) ==
          directory.path() +
              "/file: is not a directory; name the directory that holds NAME.toml files with --config-dir");
    CHECK(config::check_report("D", missing) == texts::problems(missing) + "\nD: 1 problem\n");
}

TEST_CASE("what may not be read is named", "[config][directory]")
{
    const TemporaryDirectory directory;
    directory.write("a.toml", good);
    directory.write("b.toml", good);
    directory.write("b.d/x.toml", "");
    REQUIRE(::chmod((directory.path() + "/a.toml").c_str(), 0) == 0);
    REQUIRE(::chmod((directory.path() + "/b.d").c_str(), 0) == 0);
    CHECK(problems_as_nobody(directory, 0755) == "DIR/a.toml: cannot be read: Permission denied\n"
                                                 "DIR/b.d: the drop-in directory cannot be read: Permission denied");
    CHECK(problems_as_nobody(directory, 0) == "DIR: the configuration directory cannot be read: Permission denied");
    REQUIRE(::chmod((directory.path() + "/b.d").c_str(), 0700) == 0);
}

TEST_CASE("a FIFO, a directory or a dangling link in a file's place is told and never waited for",
          "[config][directory]")
{
    const TemporaryDirectory directory;
    directory.write("elsewhere/real", good);
    REQUIRE(::mkfifo((directory.path() + "/fifo.toml").c_str(), 0600) == 0);
    fs::create_directory(directory.path() + "/dir.toml");
    fs::create_symlink("elsewhere/real", directory.path() + "/linked.toml");
    fs::create_symlink("nowhere", directory.path() + "/lost.toml");
    fs::create_symlink("/dev/zero", directory.path() + "/zero.toml");
    CHECK(problems_in(directory) == "DIR/dir.toml: is not a regular file; rename it if it is not configuration\n"
                                    "DIR/fifo.toml: is not a regular file; rename it if it is not configuration\n"
                                    "DIR/lost.toml: cannot be read: No such file or directory\n"
                                    "DIR/zero.toml: is not a regular file; rename it if it is not configuration");
}

TEST_CASE("the size and number of files are bounded", "[config][directory]")
{
    const TemporaryDirectory directory;
    directory.write("big.toml", good + std::string(config::max_file_bytes, '#'));
    CHECK(problems_in(directory) == "DIR/big.toml: the file is larger than 1 MiB");
    fs::remove(directory.path() + "/big.toml");
    for (std::size_t i = 0; i <= config::max_files + 1; ++i)
        directory.write("s" + std::to_string(10'000 + i) + ".toml", good);
    CHECK(problems_in(directory) ==
          "DIR/s14096.toml: the configuration has more than 4096 files; this one and those after it were not read");
}

TEST_CASE("a drop-in needs the service that it belongs to", "[config][directory]")
{
    const TemporaryDirectory directory;
    directory.write("ctdb.d/x.toml", "[service]\nnice = 1");
    CHECK(problems_in(directory) ==
          "DIR/ctdb.d/x.toml: is a drop-in for a service without a file: there is no ctdb.toml");
}

TEST_CASE("all problems of all files come at once, by file and line", "[config][directory]")
{
    const TemporaryDirectory directory;
    directory.write("b.toml", "[service]\ncommand = [\"x\"]\nafter = [\"c\"]\nnice = 20\n");
    directory.write("a.toml", "[service\n");
    directory.write("processd.toml", "stop_budget = 1\n");
    directory.write("Bad.toml", good);
    const auto loaded = config::load(directory.path());
    REQUIRE_FALSE(loaded);
    const auto lines = problems_in(directory);
    CHECK(lines.find("DIR/Bad.toml: ") == 0);
    CHECK(lines.find("\nDIR/a.toml:1:") != std::string::npos);
    CHECK(lines.find("\nDIR/b.toml:3:10: \"after\" names \"c\"") != std::string::npos);
    CHECK(lines.find("\nDIR/b.toml:4:8: \"nice\"") > lines.find("\nDIR/b.toml:3:10"));
    CHECK(lines.find("\nDIR/processd.toml:1:15: ") != std::string::npos);
    CHECK(config::as_error(loaded.error()).message() == config::format(loaded.error()[0]) + " (and 4 more problems)");
}

TEST_CASE("two hundred services load in an instant", "[config][directory]")
{
    const TemporaryDirectory directory;
    for (int i = 0; i < 200; ++i)
        directory.write("s" + std::to_string(i) + ".toml",
                        "[service]\ncommand = [\"/usr/sbin/s\", \"-f\"]\nuser = \"nobody\"\nnice = 5\n"
                        "limits = { nofile = 1024 }\nenvironment = { A = \"1\", B = \"2\" }\n"
                        "after = [\"s" +
                            std::to_string(i == 0 ? 1 : 0) + "\"]\n" +
                            "[service.ready]\ncommand = [\"/bin/ready\"]\n[service.restart]\ndelay = \"5s\"\n"
                            "[service.stop]\ntimeout = \"60s\"\n");
    directory.write("s0.toml", good);
    const auto start = std::chrono::steady_clock::now();
    const auto loaded = config::load(directory.path());
    const auto took = std::chrono::steady_clock::now() - start;
    REQUIRE(texts::problems(loaded).empty());
    CHECK(loaded->services.size() == 200);
    CAPTURE(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
    CHECK(took < std::chrono::seconds{1}); // 50 ms alone on a machine; sanitizers and neighbours take their share
}
