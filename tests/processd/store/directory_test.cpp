// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/store/directory.h"
#include "tests/processd/store/support.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <sys/stat.h>
#include <sys/wait.h>

using processd::store::Directory;

TEST_CASE("the state directory is made for root alone where its parent exists", "[store][directory]")
{
    test::TemporaryDirectory tmp;
    REQUIRE(Directory::open(tmp / "state").has_value());
    struct stat st {};
    REQUIRE(::stat((tmp / "state").c_str(), &st) == 0);
    CHECK((st.st_mode & 07777) == 0700);

    const auto orphan = Directory::open(tmp / "no/such/state");
    REQUIRE(!orphan);
    CHECK(orphan.error().code == std::errc::no_such_file_or_directory);
    CHECK(orphan.error().message().find("whose parent directory must exist") != std::string::npos);
}

TEST_CASE("a state directory that is a file, or not absolute, is refused in a sentence", "[store][directory]")
{
    test::TemporaryDirectory tmp;
    test::write_file(tmp / "file", "x");
    const auto file = Directory::open(tmp / "file");
    REQUIRE(!file);
    CHECK(file.error().code == std::errc::not_a_directory);
    const auto relative = Directory::open("state");
    REQUIRE(!relative);
    CHECK(relative.error().message() == "the state directory \"state\" must be an absolute path");
}

TEST_CASE("a second process is told who has the state directory", "[store][directory]")
{
    test::TemporaryDirectory tmp;
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const auto held = Directory::open(tmp.path());
        [[maybe_unused]] const auto n = ::write(ready[1], held ? "y" : "n", 1);
        while (true) ::pause();
    }
    REQUIRE(child > 0);
    char answer = 0;
    CHECK(::read(ready[0], &answer, 1) == 1);
    CHECK(answer == 'y');
    const auto second = Directory::open(tmp.path());
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
    REQUIRE(!second);
    CHECK(second.error().code == base::Errc::conflict);
    CHECK(second.error().message() == "the state directory " + tmp.path() + " is in use by process " +
                                          std::to_string(child) + "; each daemon needs its own");
    CHECK(Directory::open(tmp.path()).has_value()); // the lock went with its holder
}

TEST_CASE("a read-only state directory is refused in a sentence", "[store][directory]")
{
    test::TemporaryDirectory tmp;
    if (!tmp.mount_tmpfs("1m")) {
        WARN("skipped: mounting a tmpfs is not permitted here");
        return;
    }
    REQUIRE(::mount("none", tmp.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0);
    const auto opened = Directory::open(tmp.path());
    REQUIRE(!opened);
    CHECK(opened.error().code == std::errc::read_only_file_system);
    CHECK(opened.error().message().find("must be writable") != std::string::npos);
}
