// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/size.h"

#include <catch2/catch.hpp>

using namespace base;

TEST_CASE("a size is a number and a binary unit", "[base][size]")
{
    CHECK(parse_size("0B") == 0U);
    CHECK(parse_size("512B") == 512U);
    CHECK(parse_size("256KiB") == 262144U);
    CHECK(parse_size("10MiB") == 10485760U);
    CHECK(parse_size("2GiB") == 2147483648U);
    CHECK(parse_size("1TiB") == 1099511627776U);
    for (const char* bad :
         {"", "1", "KiB", "1KB", "1k", "1.5MiB", "-1B", "1 MiB", "9223372036854775808B", "9007199254740992TiB"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_size(bad));
    }
}

TEST_CASE("a size is written in its largest exact unit", "[base][size]")
{
    CHECK(format_size(0) == "0B");
    CHECK(format_size(1000) == "1000B");
    CHECK(format_size(262144) == "256KiB");
    CHECK(format_size(1ULL << 40U) == "1TiB");
    CHECK(format_size(64 << 20, " ") == "64 MiB");
    CHECK(format_size(0, " ") == "0 B");
}
