// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/addresses/address_file.h"
#include "helpers/addresses/owners.h"
#include "helpers/base/lock_file.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <thread>

using addresses::AddressFile;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {
struct Directory {
    Directory()
    {
        std::string name = "/tmp/addresses-test-XXXXXX";
        path = ::mkdtemp(name.data());
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory() { fs::remove_all(path); }
    std::string path;
};
using Lines = std::vector<std::string>;
} // namespace

TEST_CASE("addresses come and go, one a line", "[addresses]")
{
    const Directory directory;
    const AddressFile file{directory.path + "/cache"};
    CHECK(file.read().error().code == std::errc::no_such_file_or_directory);
    CHECK(file.add("10.0.0.1"));
    CHECK(file.add("fd00::1"));
    CHECK(file.add("10.0.0.1"));
    CHECK(*file.read() == Lines{"10.0.0.1", "fd00::1"});
    CHECK(file.remove("10.0.0.1"));
    CHECK(file.remove("10.0.0.10"));
    CHECK(*file.read() == Lines{"fd00::1"});
    CHECK(file.replace({}));
    CHECK(file.read()->empty());
}

TEST_CASE("readers do not wait for a writer, and writers for each other", "[addresses]")
{
    const Directory directory;
    const AddressFile file{directory.path + "/cache", 50ms};
    CHECK(file.add("10.0.0.1"));
    auto lock = base::lock_file(directory.path + "/cache.lock", 1s);
    CHECK(*file.read() == Lines{"10.0.0.1"});
    CHECK(file.add("10.0.0.2").error().code == base::Errc::timed_out);
    lock->reset();
    const AddressFile patient{directory.path + "/cache"};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back(
            [&patient, i] { [[maybe_unused]] const auto done = patient.add("10.0.1." + std::to_string(i)); });
    for (auto& thread : threads) thread.join();
    CHECK(file.read()->size() == 9);
}

TEST_CASE("owners are read from ctdb's list", "[addresses]")
{
    CHECK(
        addresses::parse_owners("|Public IP|Node|ActiveInterface|\n|10.0.0.1|2|eth0|\n|10.0.0.2|-1||\nwords\n||1|\n") ==
        addresses::Owners{{"10.0.0.1", 2}, {"10.0.0.2", addresses::nobody}});
}
