// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/progress.h"

#include <catch2/catch.hpp>

using namespace processd::output;

namespace {

Position at(std::uint64_t offset) { return {offset, {offset, 0}, {}}; }

} // namespace

TEST_CASE("output is consumed once the lines made of it are written", "[output][progress]")
{
    Progress progress;
    progress.read_up_to(at(100), {}, 10);
    progress.read_up_to(at(200), {}, 20);
    CHECK(progress.waiting());
    CHECK(progress.written_up_to(9) == at(0));
    CHECK(progress.written_up_to(10) == at(100));
    CHECK(progress.written_up_to(19) == at(100));
    CHECK(progress.written_up_to(25) == at(200));
    CHECK(!progress.waiting());
    CHECK(progress.written_up_to(5) == at(200)); // never back
}

TEST_CASE("an unfinished line is not consumed before it is one", "[output][progress]")
{
    Progress progress{at(50)};
    CHECK(progress.consumed() == at(50));
    progress.read_up_to(at(100), at(60), 1); // the line that began at 60 goes on
    CHECK(progress.written_up_to(1) == at(60));
    progress.read_up_to(at(150), at(60), 2);
    CHECK(progress.written_up_to(2) == at(60));
    progress.read_up_to(at(200), {}, 3);
    CHECK(progress.written_up_to(2) == at(60));
    CHECK(progress.written_up_to(3) == at(200));
}

TEST_CASE("chunks that make no line wait for the line before them", "[output][progress]")
{
    Progress progress;
    progress.read_up_to(at(100), {}, 7);
    progress.read_up_to(at(120), {}, 7);
    CHECK(progress.written_up_to(6) == at(0));
    CHECK(progress.written_up_to(7) == at(120));
}
