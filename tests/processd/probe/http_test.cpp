// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/probe/http.h"

#include <catch2/catch.hpp>

using namespace processd::probe;

TEST_CASE("a GET asks for one answer and no more", "[probe][http]")
{
    CHECK(get_request("127.0.0.1", "/health?x=1") ==
          "GET /health?x=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: ctdb-processd\r\nAccept: */*\r\n"
          "Connection: close\r\n\r\n");
}

TEST_CASE("the first line of an answer tells the status, in however many pieces it comes", "[probe][http]")
{
    const std::string answer = "HTTP/1.1 204 No Content\r\n\r\n";
    for (std::size_t n = 0; n < answer.size(); ++n) {
        CAPTURE(n);
        const auto status = status_of(answer.substr(0, n));
        REQUIRE(status);
        CHECK(status->has_value() == (n >= 12));
        if (*status) CHECK(**status == 204);
    }
    CHECK(status_of("HTTP/1.0 503 x").value() == 503);
}

TEST_CASE("what is not HTTP is said to be none", "[probe][http]")
{
    for (const char* bad :
         {"SSH-2.0-OpenSSH", "HTTP/2 200 OK", "HTTP/1.1 20x OK", "HTTP/1.1 600 OK", "HTTP/1.1200 OKAY", "\r\n"}) {
        CAPTURE(bad);
        CHECK_FALSE(status_of(bad));
    }
}
