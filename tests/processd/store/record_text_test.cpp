// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/store/record_text.h"
#include "tests/processd/store/support.h"

#include <catch2/catch.hpp>

using namespace processd;
using namespace processd::store;

TEST_CASE("a record comes back as it was stored", "[store][record_text]")
{
    auto r = test::record(7);
    r.kind = model::RunKind::pre_start;
    r.name = "two words%\n";
    r.parent = "op-1";
    r.fingerprint = UINT64_MAX;
    r.tail = {{"stdout", test::at_second(3), std::string("a\0b\xff", 4), true},
              {"stderr", test::at_second(4), "text\n", false}};
    r.out = {4, 0};
    const auto value = encode_record(r);
    CHECK(value.size() % 1024 == 0);
    const auto back = decode_record(value, true);
    REQUIRE(back.has_value());
    CHECK(*back == r);

    const auto list_form = decode_record(value, false);
    REQUIRE(list_form.has_value());
    CHECK(list_form->tail.empty());
    CHECK(list_form->out == r.out);

    const auto head = decode_head(value);
    REQUIRE(head.has_value());
    CHECK(*head == head_of(r));
    CHECK(head->name == "two words%\n");
}

TEST_CASE("a record that has hardly begun comes back as well", "[store][record_text]")
{
    model::RunRecord r;
    r.id = "-";
    r.number = 1;
    r.process.command = {"x"};
    const auto back = decode_record(encode_record(r), true);
    REQUIRE(back.has_value());
    CHECK(*back == r);
    CHECK(decode_head(encode_record(r))->id == "-");
    CHECK(!decode_head(encode_record(r))->outcome);
    CHECK(!decode_head(encode_record(r))->duration_us);
}

TEST_CASE("bytes that are not UTF-8 in a name do not keep a record from being stored", "[store][record_text]")
{
    auto r = test::record(1);
    r.name = "caf\xe9";
    r.reason = "\xff";
    const auto value = encode_record(r);
    CHECK(decode_head(value)->name == r.name); // exact where it is looked for
    REQUIRE(decode_record(value, true).has_value());
    CHECK(decode_record(value, true)->name == "caf\xef\xbf\xbd");
}

TEST_CASE("an expired record leaves its id and fingerprint", "[store][record_text]")
{
    auto r = test::record(5);
    r.fingerprint = 42;
    const auto value = encode_id_only(head_of(r));
    CHECK(value.size() < 100);
    const auto head = decode_head(value);
    REQUIRE(head.has_value());
    CHECK(head->id_only);
    CHECK(head->id == r.id);
    CHECK(head->fingerprint == 42);
    CHECK(!decode_record(value, true));
}

TEST_CASE("keys sort as their numbers do", "[store][record_text]")
{
    CHECK(number_key(1) == std::string("\0\0\0\0\0\0\0\1", 8));
    CHECK(number_key(255) < number_key(256));
    CHECK(number_from_key(number_key(0x0102030405060708)) == 0x0102030405060708);
    CHECK(!number_from_key("short"));
}

TEST_CASE("what is not a record is called corrupt, whatever it is", "[store][record_text]")
{
    const auto good = encode_record(test::record(1));
    for (std::size_t size = 0; size < good.find("\n[") + 3; size += 7)
        CHECK(decode_record(std::string_view{good}.substr(0, size), true).error().code == base::Errc::corrupt);
    for (const char* bad :
         {"", "\n", "R1\n", "R2 x\n", "R1 adhoc ended exited 1 2 3 4 id parent\n",
          "R1 adhoc ended exited one 2 3 4 id - name\n", "R1 adhoc ended nonsense 1 2 3 4 id - name\n",
          "R1 adhoc ended exited 1 2 3 99999999999999999999999 id - name\n", "R1 adhoc ended exited 1 2 3 4 id - %g0\n",
          "R1 adhoc ended exited 1 2 3 4 id - %2\n"})
        CHECK(decode_head(bad).error().code == base::Errc::corrupt);
}
