// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/queued-db/log_format.h"

#include <catch2/catch.hpp>

using namespace queued_db;

namespace {

const std::vector<Entry> three{
    {1, {"a", "1"}}, {2, {"b", std::nullopt}}, {7, {std::string("\0\n\"", 3), std::string(300, '\xff')}}};

std::string log_of(const std::vector<Entry>& entries)
{
    std::string bytes{log_magic};
    for (const auto& entry : entries) bytes += encode(entry);
    return bytes;
}

} // namespace

TEST_CASE("a log gives back what was written", "[queued_db]")
{
    const auto bytes = log_of(three);
    CHECK(parse_log(bytes) == Log{three, bytes.size(), 0, 0});
    CHECK(parse_log(log_magic) == Log{{}, log_magic.size(), 0, 0});
    CHECK(parse_log("") == Log{});
}

TEST_CASE("the bytes of a log are as documented", "[queued_db]")
{
    CHECK(encode({2, {"k", "v"}}) ==
          std::string("\xb9\x71\x87\x2a\x01\0\0\0\x02\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0kv", 26));
}

TEST_CASE("cut anywhere, a log is its whole entries and a tail", "[queued_db]")
{
    const auto bytes = log_of(three);
    for (std::size_t length = log_magic.size(); length < bytes.size(); ++length) {
        const auto log = parse_log(std::string_view(bytes).substr(0, length));
        CHECK(log.unreadable == 0);
        CHECK(log.good + log.tail == length);
        REQUIRE(log.entries.size() < three.size());
        CHECK(log.entries ==
              std::vector<Entry>(three.begin(), three.begin() + static_cast<std::ptrdiff_t>(log.entries.size())));
        // What is written over the tail is found again.
        auto mended = bytes.substr(0, log.good) + encode({9, {"new", "1"}});
        CHECK(parse_log(mended).entries.back() == Entry{9, {"new", "1"}});
    }
}

TEST_CASE("any one wrong byte loses at most its entry", "[queued_db]")
{
    const auto bytes = log_of(three);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        auto broken = bytes;
        broken[at] = static_cast<char>(broken[at] ^ 0x40);
        const auto log = parse_log(broken);
        CHECK(log.entries.size() >= (at < log_magic.size() ? 3U : 2U));
        CHECK(log.good < bytes.size());
        for (const auto& entry : log.entries) CHECK(std::find(three.begin(), three.end(), entry) != three.end());
    }
}

TEST_CASE("the last change of a key is what counts", "[queued_db]")
{
    CHECK(coalesce({{1, {"a", "1"}}, {2, {"b", "1"}}, {3, {"a", std::nullopt}}, {4, {"c", "1"}}}) ==
          std::vector<Entry>{{2, {"b", "1"}}, {3, {"a", std::nullopt}}, {4, {"c", "1"}}});
}
