// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/request.h"

#include <catch2/catch.hpp>

using namespace processd::api;
using Pairs = std::vector<std::pair<std::string, std::string>>;

namespace {

Request split(const std::string& target)
{
    Request request;
    request.target = target;
    REQUIRE(split_target(request));
    return request;
}

} // namespace

TEST_CASE("a target is cut before it is decoded", "[api][request]")
{
    CHECK(split("/v1/runs").segments == std::vector<std::string>{"v1", "runs"});
    CHECK(split("/").segments.empty());
    CHECK(split("/v1/runs/").segments == std::vector<std::string>{"v1", "runs"});
    CHECK(split("/v1//runs").segments == std::vector<std::string>{"v1", "", "runs"});
    CHECK(split("/a%2Fb/c%3Fd").segments == std::vector<std::string>{"a/b", "c?d"});
    CHECK(split("/a+b").segments == std::vector<std::string>{"a+b"});
    CHECK(split("http://localhost/v1/runs?x=1").segments == std::vector<std::string>{"v1", "runs"});
    CHECK(split("http://localhost").segments.empty());
    CHECK(split("http://localhost?x=1").query == Pairs{{"x", "1"}});
    CHECK(split("/r?a=1&b=two%20words+three&&c&d=&=e&a=%26%3D").query ==
          Pairs{{"a", "1"}, {"b", "two words three"}, {"c", ""}, {"d", ""}, {"", "e"}, {"a", "&="}});
    CHECK(split("/r?u=%C3%A4").query == Pairs{{"u", "ä"}});
}

TEST_CASE("a target that cannot be decoded is refused with what would be right", "[api][request]")
{
    for (const char* target : {"*", "runs", "", "localhost:80", "/a%", "/a%2", "/a%zz", "/a%00b", "/%ff%fe", "/a?b=%",
                               "/a?%c3=1", "/a?b=%00"}) {
        INFO(target);
        Request request;
        request.target = target;
        const auto result = split_target(request);
        REQUIRE_FALSE(result);
        CHECK(result.error().code == base::Errc::bad_input);
    }
}

TEST_CASE("an Accept header is searched for a media type", "[api][request]")
{
    Request request;
    request.accept = "text/html, application/X-NDJSON;q=0.5 ,*/*";
    CHECK(request.accepts("application/x-ndjson"));
    CHECK_FALSE(request.accepts("application/json"));
    request.accept.clear();
    CHECK_FALSE(request.accepts("application/x-ndjson"));
}
