// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/time.h"
#include "processd/output/line_pattern.h"

#include <catch2/catch.hpp>

using processd::output::LinePattern;

namespace {

bool found(const char* pattern, const std::string& line) { return (*LinePattern::parse(pattern))->found_in(line); }

} // namespace

TEST_CASE("an expression is found anywhere in a line", "[output][line_pattern]")
{
    CHECK(found("err(or)?", "an error"));
    CHECK(!found("^err", "an error"));
    CHECK(found("(?i)ERROR$", "an error"));
    CHECK(found("node [0-9]+ (is|was) dead", "1 node 12 was dead"));
    CHECK(found("", "anything"));
    CHECK(found("b", std::string("a\0b", 3)));
    CHECK(found("b$", "\xff\xfe b")); // bytes that are no text do not hide the rest
}

TEST_CASE("what is no expression, or too large a one, is told", "[output][line_pattern]")
{
    const auto problem = [](const std::string& text) { return LinePattern::parse(text).error().context; };
    CHECK(problem("(ctdb") == "missing ): (ctdb");
    CHECK(problem("a(?<!b)").starts_with("invalid perl operator"));
    CHECK(problem("\\pL{1000}").find("too large") != std::string::npos);
    CHECK(problem(std::string(1001, 'a')) == "longer than 1000 bytes");
}

TEST_CASE("no expression takes more than linear time", "[output][line_pattern]")
{
    // Backtracking would take 2^60000 steps for these.
    const auto begin = base::now();
    for (const char* pattern : {"(x+x+)+y", "(x|x)*y", "(.*)(.*)(.*)(.*)(.*)y"})
        CHECK(!found(pattern, std::string(60'000, 'x')));
    CHECK(base::now() - begin < std::chrono::minutes{1});
}
