// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/record.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

using namespace callout;
namespace fs = std::filesystem;

namespace {

struct Directory {
    Directory()
    {
        std::string name = "/tmp/record-test-XXXXXX";
        path = ::mkdtemp(name.data());
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory() { fs::remove_all(path); }

    [[nodiscard]] std::set<std::string> names() const
    {
        std::set<std::string> found;
        for (const auto& entry : fs::directory_iterator(path)) found.insert(entry.path().filename());
        return found;
    }
    [[nodiscard]] std::string text(const std::string& name) const
    {
        std::ifstream in(fs::path(path) / name);
        std::stringstream all;
        all << in.rdbuf();
        return all.str();
    }
    std::string path;
};

Config config_for(const Directory& directory, Mode mode)
{
    Config config;
    config.mode = mode;
    config.directory = directory.path;
    config.durability = GENERATE(Durability::none, Durability::data, Durability::dir);
    return config;
}

} // namespace

TEST_CASE("a record of the database is its line", "[callout]")
{
    const Directory directory;
    const auto config = config_for(directory, Mode::persistent_db);
    CHECK(record(config, "10.0.0.1\nfd00::1", "192.168.7.9", Change::add, 1730000000));
    CHECK(directory.names() ==
          std::set<std::string>{"statd-state@10.0.0.1@192.168.7.9", "statd-state@fd00::1@192.168.7.9"});
    CHECK(directory.text("statd-state@10.0.0.1@192.168.7.9") ==
          "\"statd-state@10.0.0.1@192.168.7.9\" \"1730000000\"\n");
    CHECK(record(config, "10.0.0.1\n", "192.168.7.9", Change::remove, 1730000001));
    CHECK(directory.text("statd-state@10.0.0.1@192.168.7.9") == "\"statd-state@10.0.0.1@192.168.7.9\" \"\"\n");
    CHECK(directory.text("statd-state@fd00::1@192.168.7.9") == "\"statd-state@fd00::1@192.168.7.9\" \"1730000000\"\n");
}

TEST_CASE("a shared record is an empty file, and need not be there to be removed", "[callout]")
{
    const Directory directory;
    const auto config = config_for(directory, Mode::shared_dir);
    CHECK(record(config, "10.0.0.1\n10.0.0.2\n", "c", Change::add, 1));
    CHECK(directory.text("statd-state@10.0.0.2@c").empty());
    CHECK(fs::remove(fs::path(directory.path) / "statd-state@10.0.0.1@c"));
    CHECK(record(config, "10.0.0.1\n10.0.0.2\n", "c", Change::remove, 1));
    CHECK(directory.names().empty());
}

TEST_CASE("one failing address does not keep the others from being recorded", "[callout]")
{
    const Directory directory;
    const auto config = config_for(directory, GENERATE(Mode::persistent_db, Mode::shared_dir));
    fs::create_directory(fs::path(directory.path) / "statd-state@10.0.0.1@c");
    CHECK_FALSE(record(config, "10.0.0.1\n\n../../x\n10.0.0.2\n", "c", Change::add, 1));
    CHECK(directory.names() == std::set<std::string>{"statd-state@10.0.0.1@c", "statd-state@10.0.0.2@c"});
}

TEST_CASE("a call records any number of addresses", "[callout]")
{
    const Directory directory;
    const auto config = config_for(directory, Mode::persistent_db);
    std::string addresses;
    for (int i = 0; i < 200; ++i) addresses += "10.0.1." + std::to_string(i) + "\n";
    CHECK(record(config, addresses, "c", Change::add, 1));
    CHECK(directory.names().size() == 200);
}

TEST_CASE("a directory or name that cannot be is an error", "[callout]")
{
    const Directory directory;
    auto config = config_for(directory, Mode::persistent_db);
    CHECK_FALSE(record(config, "10.0.0.1\n", std::string(240, 'c'), Change::add, 1));
    CHECK(directory.names().empty());
    const auto gone = directory.path + "/gone", endless = std::string(5000, 'x');
    config.directory = GENERATE_REF(gone, endless);
    CHECK_FALSE(record(config, "10.0.0.1\n", "c", Change::add, 1));
    config.directory = directory.path;
    CHECK(record(config, "", "c", Change::add, 1)); // no address is hosted here
}
