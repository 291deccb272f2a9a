// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/directory_store.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace callout;
namespace fs = std::filesystem;

TEST_CASE("of a shared directory only marked records are removed", "[callout]")
{
    std::string path = "/tmp/store-test-XXXXXX";
    REQUIRE(::mkdtemp(path.data()) != nullptr);
    Settings settings;
    settings.shared_directory = path;
    settings.kept_directory = path;
    DirectoryStore store{settings};
    const std::vector<ClientRecord> both{{"10.0.0.1", "a", {}}, {"10.0.0.1", "b", {}}};
    for (const auto& record : both) std::ofstream{path + "/" + record.key()};
    std::ofstream{path + "/.removing.statd-state@10.0.0.1@c"}; // a death in the middle
    CHECK(store.read()->records.size() == 3);
    CHECK(fs::exists(path + "/statd-state@10.0.0.1@c"));

    CHECK(store.mark_records(both, "10.0.0.1", 7));
    CHECK(store.read()->states == std::map<std::string, std::int32_t>{{"10.0.0.1", 7}});
    CHECK(marked_state(store.read()->records.front().value) == 7);
    std::ofstream{path + "/statd-state@10.0.0.1@b"}; // registers again
    CHECK(store.remove_marked({{"10.0.0.1", "a", {}}, {"10.0.0.1", "b", {}}, {"10.0.0.1", "none", {}}}));
    CHECK_FALSE(fs::exists(path + "/statd-state@10.0.0.1@a"));
    CHECK(fs::exists(path + "/statd-state@10.0.0.1@b"));
    fs::remove_all(path);
}

TEST_CASE("a mark is told from a record's time", "[callout]")
{
    CHECK(marked_state(mark(17)) == 17);
    CHECK_FALSE(marked_state("1730000000"));
    CHECK_FALSE(marked_state(""));
}
