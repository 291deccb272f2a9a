// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/fcntl/test_child.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

TEST_CASE("silence is counted from the last word", "[mutex][fcntl]")
{
    mutex::Silence silence(2);
    CHECK_FALSE(silence.tick());
    CHECK_FALSE(silence.tick());
    silence.heard();
    CHECK_FALSE(silence.tick());
    CHECK_FALSE(silence.tick());
    CHECK(silence.tick());
}

TEST_CASE("a lock file is the one that was locked, or lost", "[mutex][fcntl]")
{
    std::string file = "/tmp/mutex-test-XXXXXX";
    const base::UniqueFd fd{::mkstemp(file.data())};
    REQUIRE(fd);
    struct stat st {};
    REQUIRE(::fstat(fd.get(), &st) == 0);
    mutex::Recheck what{file, st.st_dev, st.st_ino};
    const auto lost = "lock lost - lock file \"" + file + "\" ";
    CHECK(mutex::check_lock_file(what).empty());
    what.device += 1;
    CHECK(mutex::check_lock_file(what) == lost + "device changed");
    what.inode += 1;
    CHECK(mutex::check_lock_file(what) == lost + "inode changed");
    ::unlink(file.c_str());
    CHECK(mutex::check_lock_file(what) == lost + "open failed (ret=2)");
}
