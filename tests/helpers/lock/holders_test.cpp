// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/lock/holders.h"

#include "helpers/lock/report.h"

#include <catch2/catch.hpp>
#include <limits>

using namespace lock;

namespace {

constexpr auto eof = std::numeric_limits<std::uint64_t>::max();

const std::string_view text = "1: POSIX  ADVISORY  WRITE 100 08:01:77 168 EOF\n"
                              "1: -> POSIX  ADVISORY  WRITE 200 08:01:77 200 200\n"
                              "1:    -> POSIX  ADVISORY  READ 201 08:01:77 300 300\n"
                              "2: FLOCK  ADVISORY  WRITE 300 08:01:77 0 EOF\n"
                              "3: POSIX  ADVISORY  READ 101 08:01:77 4 4\n"
                              "4: POSIX  ADVISORY  WRITE 400 00:2f:77 0 EOF\n"
                              "5: OFDLCK ADVISORY  READ -1 08:01:77 200 201\n"
                              "garbage\n"
                              "6: POSIX ADVISORY WRITE\n";

} // namespace

TEST_CASE("lines of /proc/locks are read, whatever stands between them", "[lock][holders]")
{
    const auto locks = parse_proc_locks(text);
    REQUIRE(locks.size() == 7);
    CHECK(locks[0] == ProcLock{false, true, true, 100, 8, 1, 77, 168, eof});
    CHECK(locks[1] == ProcLock{true, true, true, 200, 8, 1, 77, 200, 200});
    CHECK(locks[2] == ProcLock{true, true, false, 201, 8, 1, 77, 300, 300});
    CHECK(locks[5].device_minor == 0x2f);
    CHECK(locks[6].pid == -1);
}

TEST_CASE("who waits is kept by those whose locks meet its own", "[lock][holders]")
{
    const auto locks = parse_proc_locks(text);
    // A writer meets a writer and a reader; a reader only the writer. Neither meets locks of other bytes, of other
    // kinds, or of a file with the same inode number elsewhere.
    CHECK(blockers_of(locks, 200, 77).holders == std::vector<pid_t>{100, -1});
    CHECK(blockers_of(locks, 201, 77).holders == std::vector<pid_t>{100});
    CHECK(blockers_of(locks, 201, 77).waiting == 2);
}

TEST_CASE("who waits no more asks for the others' sake", "[lock][holders]")
{
    const auto blockers = blockers_of(parse_proc_locks(text), 555, 77);
    CHECK(blockers.holders == std::vector<pid_t>{100, -1});
    CHECK(blockers.waiting == 2);
    CHECK(blockers_of(parse_proc_locks(text), 555, 78).holders.empty());
}

TEST_CASE("a holder is its process, not its thread", "[lock][holders]")
{
    CHECK(parse_status(12, "Name:\tsmbd\nUmask:\t0022\nState:\tT (stopped)\nTgid:\t10\nPid:\t12\n") ==
          Holder{10, "smbd", 'T'});
    CHECK(parse_status(12, "") == Holder{12, "", '?'});
}

TEST_CASE("holders are a short text", "[lock][holders]")
{
    CHECK(holders_text({}) == "nobody that could be found");
    CHECK(holders_text({{7, "", '?'}}) == "7");
    CHECK(holders_text({{7, "smbd", 'D'}, {-1, "", '?'}}) == "7 smbd (D), an open file");
    const Holder holder{7, "x", 'S'};
    CHECK(holders_text({holder, holder, holder, holder, holder, holder}) ==
          "7 x (S), 7 x (S), 7 x (S), 7 x (S) and 2 more");
    CHECK(key_text("") == "NULL");
    CHECK(key_text(std::string(500, 'a')).size() < 100);
}
