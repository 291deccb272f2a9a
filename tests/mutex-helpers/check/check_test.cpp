// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/check/lock_string.h"
#include "mutex-helpers/check/side.h"

#include <catch2/catch.hpp>

TEST_CASE("a lock string is read as ctdbd reads it", "[mutex][check]")
{
    using Words = std::vector<std::string>;
    CHECK(mutex::helper_command("/shared/lock", "/h") == Words{"/h", "/shared/lock"});
    CHECK(mutex::helper_command("/shared/a b", "/h") == Words{"/h", "/shared/a b"});
    CHECK(mutex::helper_command("!/x a  b\tc ", "/h") == Words{"/x", "a", "b", "c"});
    CHECK(mutex::helper_command("! /x 'a b'", "/h") == Words{"/x", "'a", "b'"});
    CHECK(mutex::helper_command("!", "/h").empty());
    CHECK(mutex::helper_command("", "/h").empty());
    CHECK(mutex::lock_file({"/a/ctdb_mutex_fcntl_helper", "f", "5"}) == "f");
    CHECK(mutex::lock_file({"/a/ctdb_mutex_fcntl_helper"}) == std::nullopt);
    CHECK(mutex::lock_file({"/a/other", "f"}) == std::nullopt);
}

TEST_CASE("the other side says ok or error, and anything else is neither", "[mutex][check]")
{
    CHECK(mutex::reply_in("ok").value().empty());
    CHECK(mutex::reply_in("ok 0 12 ").value() == "0 12 ");
    CHECK(mutex::reply_in("error no such thing").error().context == "no such thing");
    CHECK(mutex::reply_in("Warning: host key").error().code == base::Errc::corrupt);
    CHECK(mutex::reply_in("").error().code == base::Errc::corrupt);
}
