// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/report/collection.h"

#include <catch2/catch.hpp>

using namespace report;

TEST_CASE("text that is too long is cut at a line, JSON is left out", "[report][collection]")
{
    Collection parts;
    const std::string lines(most_of_part / 2 - 1, 'a');
    CHECK(parts.add({"a.txt", "what", lines + '\n' + lines + "\nmore", {}}));
    REQUIRE(parts.parts().size() == 1);
    CHECK(parts.parts()[0].bytes == lines + '\n' + lines + '\n');
    CHECK(parts.parts()[0].note == "cut at 4 MiB, the limit for one file");
    CHECK_FALSE(parts.add({"a.json", "what", std::string(most_of_part + 1, '1'), {}}));
    CHECK(parts.parts().size() == 1);
    REQUIRE(parts.missing().size() == 1);
    CHECK(parts.missing()[0].why == "beyond 4 MiB, the limit for one file");
}

TEST_CASE("all files together have a limit", "[report][collection]")
{
    Collection parts;
    std::size_t bytes = 0;
    for (int i = 0; i < 20; ++i) parts.add({"a.txt", "what", std::string(most_of_part - 2, 'a') + "\n", {}});
    for (const auto& part : parts.parts()) bytes += part.bytes.size();
    CHECK(bytes <= most_of_all);
    REQUIRE_FALSE(parts.missing().empty());
    CHECK(parts.missing().back().why == "beyond 32 MiB, the limit for all files");
    CHECK(parts.add({"small", "what", "", {}}));
}

TEST_CASE("the manifest names what is there, what is not, and why", "[report][collection]")
{
    Collection parts;
    parts.add({"a.txt", "one thing", "12345", "cut at 5 bytes"});
    parts.miss("b.json", "another", "nobody answered");
    parts.miss("c.json", "a third", "nobody answered");
    parts.forget_missing("c.json");
    const auto text = manifest(parts, {"node1", "uid 0", "processctl 1", "24h", {}, std::chrono::milliseconds{1500}});
    CHECK(text.find("Report of ctdb-processd on node1\n") == 0);
    CHECK(text.find("made       1970-01-01T00:00:00.000000Z, in 1500 ms\n") != std::string::npos);
    CHECK(text.find("\nFILES\na.txt   one thing, 5 bytes (not all: cut at 5 bytes)\n\n") != std::string::npos);
    CHECK(text.find("\nMISSING\nb.json  another: nobody answered\n") != std::string::npos);
    CHECK(text.find("c.json") == std::string::npos);
    CHECK(manifest({}, {}).find("\nMISSING\nnothing\n") != std::string::npos);
}
