// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/nodes/list.h"

#include <catch2/catch.hpp>

using namespace nodes;

namespace {

const Node a{"10.0.0.1", false, false}, b{"10.0.0.2", false, false}, c{"10.0.0.3", false, false};
const Node gone_b{"10.0.0.2", true, false}, gone{"", true, false};

std::string refusal(const base::Result<List>& result) { return result ? "taken" : result.error().context; }

std::string verdict(const std::optional<List>& before, const List& next)
{
    const auto result = succeed(before, next);
    return result ? changes_text(result->list, result->changes) : result.error().context;
}

} // namespace

TEST_CASE("addresses come in one form", "[nodes][list]")
{
    const std::vector<std::pair<std::string, std::string>> good{{"10.0.0.1", "10.0.0.1"},
                                                                {"127.0.0.1", "127.0.0.1"},
                                                                {"FD00:0:0::1", "fd00::1"},
                                                                {"2001:db8::10.0.0.1", "2001:db8::a00:1"}};
    for (const auto& [text, canonical] : good) CHECK(canonical_address(text).value() == canonical);
    for (const auto* text : {"", "10.0.0", "10.0.0.01", "10.0.0.256", "10.0.0.1/24", "10.0.0.1:4379", "node1",
                             "0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255", "::", "ff02::1", "fe80::1",
                             "fe80::1%eth0", "::ffff:10.0.0.1", "10.0.0.1 # first"}) {
        INFO(text);
        CHECK_FALSE(canonical_address(text).has_value());
    }
    CHECK_FALSE(canonical_address(std::string_view("10.0.0.1\0x", 10)).has_value());
}

TEST_CASE("lines are read as CTDB reads them", "[nodes][list]")
{
    CHECK(parse_lines("10.0.0.1\n10.0.0.2\n").value() == List{a, b});
    CHECK(parse_lines("\n \t 10.0.0.1 \t\n\n\n10.0.0.2\n\n\n").value() == List{a, b}); // blank lines have no number
    CHECK(parse_lines("10.0.0.1\n#10.0.0.2\n10.0.0.3\n").value() == List{a, gone_b, c});
    CHECK(parse_lines("10.0.0.1\n  ## 10.0.0.2 \n#\n# was moved\n").value() == List{a, gone_b, gone, gone});
    CHECK(parse_lines("10.0.0.1", false).value() == List{a});
    CHECK(parse_lines("").value().empty());
}

TEST_CASE("a line that nobody can have meant is refused, with its number", "[nodes][list]")
{
    CHECK(refusal(parse_lines("10.0.0.1\n10.0.0.2")) ==
          "the last line has no newline at its end, so the list may be cut off");
    CHECK(refusal(parse_lines("10.0.0.1\n\n10.0.0.2 10.0.0.3\n")) ==
          "line 3: \"10.0.0.2 10.0.0.3\" is not an IPv4 or IPv6 address");
    CHECK(refusal(parse_lines("10.0.0.1\r\n")) == "line 1: \"10.0.0.1\\x0d\" is not an IPv4 or IPv6 address");
    CHECK(refusal(parse_lines("0.0.0.0\n")) == "line 1: \"0.0.0.0\" can't be the address of a node");
    CHECK(refusal(parse_lines(std::string(max_list_bytes + 1, '\n'))) == "the list is larger than 1 MiB");
}

TEST_CASE("a list is written as it is read", "[nodes][list]")
{
    const List list{a, gone_b, gone, c};
    CHECK(format_lines(list) == "10.0.0.1\n#10.0.0.2\n#\n10.0.0.3\n");
    CHECK(parse_lines(format_lines(list)).value() == list);
}

TEST_CASE("the list before judges the next", "[nodes][list]")
{
    const Node other{"10.0.0.9", false, false}, back{"10.0.0.9", false, true};
    struct Case {
        std::optional<List> before;
        List next;
        std::string verdict;
    };
    const std::vector<Case> table{
        {std::nullopt, {a, gone, b}, "node 0 (10.0.0.1) added, node 2 (10.0.0.2) added"},
        {List{}, {a}, "node 0 (10.0.0.1) added"},
        {List{a, b}, {a, b}, "no change"},
        {List{a, b}, {a, b, c}, "node 2 (10.0.0.3) added"},
        {List{a, b}, {a, b, gone}, "no change"},
        {List{a, b}, {a, gone}, "node 1 (10.0.0.2) deleted"},
        {List{a, b}, {a, gone, c}, "node 2 (10.0.0.3) added, node 1 (10.0.0.2) deleted"},
        {List{a, gone_b}, {a, b}, "node 1 (10.0.0.2) restored"},
        {List{a, gone_b}, {a, gone, b}, "node 2 (10.0.0.2) added"}, // a machine may come again as a new node
        {List{a, gone}, {a, back}, "node 1 (10.0.0.9) restored"},
        {List{a, gone_b}, {a, back}, "node 1 (10.0.0.9) restored"},
        {std::nullopt, {}, "there is no node in it"},
        {List{a}, {gone}, "there is no node in it"},
        {std::nullopt, {a, b, a}, "10.0.0.1 is there twice, as node 0 and as node 2"},
        {List{a, b, c},
         {a, c},
         "node 2 (10.0.0.3) would become node 1: numbers must not shift; a node that goes leaves its line with a # "
         "before it"},
        {List{a, b},
         {b, a},
         "node 0 (10.0.0.1) would become node 1: numbers must not shift; a node that goes leaves its line with a # "
         "before it"},
        {List{a, b}, {a}, "node 1 (10.0.0.2) is missing: a node that goes leaves its line with a # before it"},
        {List{a, gone}, {a}, "node 1 is missing: a node that goes leaves its line with a # before it"},
        {List{a, b},
         {a, other},
         "node 1 (10.0.0.2) would become 10.0.0.9: the address of a number can't change; put the new node at the end"},
        {List{a, b},
         {a, back},
         "node 1 (10.0.0.2) would become 10.0.0.9: the address of a number can't change; put the new node at the end"},
        {List{a, gone_b},
         {a, other},
         "node 1 (10.0.0.2) is deleted and its number would go to 10.0.0.9: numbers are not used again; put the new "
         "node at "
         "the end"},
        {List{a, gone},
         {a, other},
         "node 1 is deleted and its number would go to 10.0.0.9: numbers are not used again; put the new node at the "
         "end"},
    };
    for (const auto& [before, next, wanted] : table) CHECK(verdict(before, next) == wanted);
}

TEST_CASE("what a deleted node's address was is carried over", "[nodes][list]")
{
    CHECK(succeed(List{a, b}, {a, gone}).value().list == List{a, gone_b});
    CHECK(succeed(List{a, gone_b}, {a, gone}).value().list == List{a, gone_b});
    CHECK(succeed(List{a, gone_b}, {a, {"10.0.0.7", true, false}}).value().list == List{a, gone_b});
}

TEST_CASE("sambacc's JSON is read by pnn, whatever the order", "[nodes][json]")
{
    const auto list = parse_source(R"( {"nodes": [
        {"identity": "s1", "node": "10.0.0.2", "pnn": 1, "state": "new"},
        {"identity": "s0", "node": "10.0.0.1", "pnn": 0, "state": "ready", "more": [1, {"deep": true}]},
        {"identity": "s2", "node": "10.0.0.3", "pnn": 2, "state": "changed"},
        {"identity": "s3", "node": "10.0.0.4", "pnn": 3, "state": "gone"},
        {"identity": "s4", "node": "10.0.0.5", "pnn": 4, "state": "replaced"}], "other": null})");
    CHECK(list.value() ==
          List{{"10.0.0.1", false, true}, b, gone, {"10.0.0.4", true, false}, {"10.0.0.5", false, true}});
}

TEST_CASE("JSON that can't be a list is refused, with the entry's number", "[nodes][json]")
{
    const auto entry = [](const std::string& text) { return refusal(parse_source("{\"nodes\": [" + text + "]}")); };
    CHECK(refusal(parse_source("{\"nodes\": [")) == "it is not JSON, or cut off");
    CHECK(refusal(parse_source(std::string(100'000, '['))) == "it is not JSON, or cut off");
    CHECK(refusal(parse_source("[]")) == "it is no JSON object with a list \"nodes\"");
    CHECK(refusal(parse_source("{\"nodes\": {}}")) == "it is no JSON object with a list \"nodes\"");
    CHECK(entry("3") == "entry 1 of \"nodes\" has no usable \"pnn\"");
    CHECK(entry(R"({"identity": "a", "node": "10.0.0.1", "pnn": -1, "state": "new"})") ==
          "entry 1 of \"nodes\" has no usable \"pnn\"");
    CHECK(entry(R"({"identity": "a", "node": "10.0.0.1", "pnn": 4000000000, "state": "new"})") ==
          "entry 1 of \"nodes\" has no usable \"pnn\"");
    CHECK(entry(R"({"node": "10.0.0.1", "pnn": 0, "state": "new"})") == "entry 1 of \"nodes\" has no \"identity\"");
    CHECK(entry(R"({"identity": "a", "node": "x", "pnn": 0, "state": "new"})") ==
          "entry 1 of \"nodes\": its node: \"x\" is not an IPv4 or IPv6 address");
    CHECK(entry(R"({"identity": "a", "node": "10.0.0.1", "pnn": 0, "state": "odd"})") ==
          "entry 1 of \"nodes\": its state is none of new, ready, changed, replaced and gone");
    CHECK(entry(R"({"identity": "a", "node": "10.0.0.1", "pnn": 1, "state": "new"})") ==
          "there is no entry for node 0");
    const std::string first = R"({"identity": "a", "node": "10.0.0.1", "pnn": 0, "state": "new"},)";
    CHECK(entry(first + R"({"identity": "a", "node": "10.0.0.2", "pnn": 1, "state": "new"})") ==
          "entry 2 of \"nodes\" has the identity of another one");
    CHECK(entry(first + R"({"identity": "b", "node": "10.0.0.2", "pnn": 0, "state": "new"})") ==
          "entry 2 of \"nodes\" has the pnn of another one, 0");
}
