// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/protocol/spawn_spec.h"

#include <catch2/catch.hpp>
#include <random>

using namespace processd::protocol;

namespace {

SpawnSpec full()
{
    SpawnSpec spec;
    spec.label = "service";
    spec.argv = {"/bin/program", "", "an argument", std::string(5000, 'x')};
    spec.env = {"A=1", "B="};
    spec.cwd = "/var";
    spec.uid = 1;
    spec.gid = 2;
    spec.groups = {3, 4, 5};
    spec.umask = 077;
    spec.nice = -20;
    spec.io_class = 2;
    spec.io_level = 7;
    spec.scheduler = 1;
    spec.priority = 99;
    spec.cpus = {0, 8191};
    spec.oom_score_adj = -1000;
    spec.limits = {{7, 1, 2}, {4, ~std::uint64_t{0}, ~std::uint64_t{0}}};
    spec.as_permitted = 0x42;
    spec.capability_bounds = ~std::uint64_t{0};
    spec.capabilities = 0x8000'0000'0000'0001;
    spec.no_new_privs = true;
    spec.cgroup = {{"memory.max", "1"}, {"hugetlb.2MB.max", "max"}};
    spec.binds = {{"/a", "/b", false}, {"/c", "/d", true}};
    spec.stdin_kind = Stdin::data;
    spec.ready_by = ReadyBy::fd;
    spec.ready_fd = 1023;
    spec.ring_bytes = 1;
    spec.spawn_timeout_ms = 1;
    return spec;
}

template <class Change> void check_refused(Change change)
{
    auto spec = full();
    change(spec);
    const auto decoded = decode_spawn_spec(encode(spec));
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().code == base::Errc::corrupt);
}

} // namespace

TEST_CASE("a specification comes back as it was", "[protocol][spec]")
{
    CHECK(*decode_spawn_spec(encode(full())) == full());
    SpawnSpec least;
    least.argv = {"x"};
    CHECK(*decode_spawn_spec(encode(least)) == least);
}

TEST_CASE("values out of range are refused", "[protocol][spec]")
{
    check_refused([](SpawnSpec& s) { s.argv.clear(); });
    check_refused([](SpawnSpec& s) { s.argv.front().clear(); });
    check_refused([](SpawnSpec& s) { s.argv[1] = std::string("a\0b", 3); });
    check_refused([](SpawnSpec& s) { s.env[0] = std::string("A=\0", 3); });
    check_refused([](SpawnSpec& s) { s.cwd.clear(); });
    check_refused([](SpawnSpec& s) { s.umask = 01000; });
    check_refused([](SpawnSpec& s) { s.nice = 20; });
    check_refused([](SpawnSpec& s) { s.nice = -21; });
    check_refused([](SpawnSpec& s) { s.io_class = 4; });
    check_refused([](SpawnSpec& s) { s.io_level = 8; });
    check_refused([](SpawnSpec& s) { s.cpus = {8192}; });
    check_refused([](SpawnSpec& s) { s.oom_score_adj = 1001; });
    check_refused([](SpawnSpec& s) { s.stdin_kind = static_cast<Stdin>(2); });
    check_refused([](SpawnSpec& s) { s.ready_by = static_cast<ReadyBy>(3); });
    check_refused([](SpawnSpec& s) { s.ready_fd = 2; });
    check_refused([](SpawnSpec& s) { s.capability_bounds = 1; });
    check_refused([](SpawnSpec& s) { s.cgroup[0].file = "../memory.max"; });
    check_refused([](SpawnSpec& s) { s.cgroup[0].file = "cgroup.kill"; });
    check_refused([](SpawnSpec& s) { s.cgroup[0].file = "memory"; });
    check_refused([](SpawnSpec& s) { s.cgroup[1].value.clear(); });
    check_refused([](SpawnSpec& s) { s.binds[0].source.clear(); });
    check_refused([](SpawnSpec& s) { s.binds[1].target.clear(); });
    check_refused([](SpawnSpec& s) { s.ready_fd = 1024; });
    check_refused([](SpawnSpec& s) { s.spawn_timeout_ms = 0; });
}

TEST_CASE("no part of a specification is taken for the whole, nor more than the whole", "[protocol][spec]")
{
    const auto bytes = encode(full());
    for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(decode_spawn_spec(bytes.substr(0, size)));
    CHECK_FALSE(decode_spawn_spec(bytes + '\0'));
    CHECK_FALSE(decode_spawn_spec("#!/bin/sh\n"));
}

TEST_CASE("damaged specifications are refused or at least harmless", "[protocol][spec]")
{
    const auto bytes = encode(full());
    std::mt19937 random{42}; // NOLINT: the same each time
    for (int i = 0; i < 20'000; ++i) {
        auto damaged = bytes;
        for (auto n = random() % 4 + 1; n > 0; --n) damaged[random() % damaged.size()] = static_cast<char>(random());
        if (const auto decoded = decode_spawn_spec(damaged)) CHECK(*decode_spawn_spec(encode(*decoded)) == *decoded);
    }
}
