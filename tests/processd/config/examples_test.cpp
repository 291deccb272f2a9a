// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/processd/config/texts.h"

#include <catch2/catch.hpp>

using namespace processd;

TEST_CASE("the examples are right", "[config][examples]")
{
    const auto loaded = config::load(SOURCE_DIR "/examples");
    REQUIRE(texts::problems(loaded).empty());
    for (const char* name : {"ctdbd", "rpcbind", "rpc-statd"}) CHECK(loaded->services.contains(name));
}
