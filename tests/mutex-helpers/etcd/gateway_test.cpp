// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/etcd/gateway.h"

#include <catch2/catch.hpp>

TEST_CASE("bytes become base64", "[mutex][etcd]")
{
    CHECK(etcd::base64("").empty());
    CHECK(etcd::base64("a") == "YQ==");
    CHECK(etcd::base64("ab") == "YWI=");
    CHECK(etcd::base64("abc") == "YWJj");
    CHECK(etcd::base64("\xff\xfe\xfd\xfc") == "//79/A==");
}

TEST_CASE("requests are as the gateway wants them", "[mutex][etcd]")
{
    CHECK(etcd::grant_request(9) == R"({"TTL":"9"})");
    CHECK(etcd::lease_request(7587862) == R"({"ID":"7587862"})");
    CHECK(etcd::range_request("a") == R"({"key":"YQ=="})");
    CHECK(etcd::take_request("a", "b", 5) ==
          R"({"compare":[{"create_revision":"0","key":"YQ==","result":"EQUAL","target":"CREATE"}],)"
          R"("failure":[{"request_range":{"key":"YQ=="}}],)"
          R"("success":[{"request_put":{"key":"YQ==","lease":"5","value":"Yg=="}}]})");
}

TEST_CASE("replies of etcd 3.4 are understood", "[mutex][etcd]")
{
    const auto granted =
        etcd::granted_in(R"({"header":{"revision":"4"},"ID":"7587884013465600525","TTL":"9"})").value();
    CHECK(granted.lease == 7587884013465600525);
    CHECK(granted.ttl_s == 9);
    CHECK(etcd::ttl_in("{\"result\":{\"header\":{},\"ID\":\"7\",\"TTL\":\"9\"}}\n").value() == 9);
    CHECK(etcd::ttl_in(R"({"result":{"header":{},"ID":"7"}})").value() == 0);
    CHECK(etcd::holder_in(R"({"header":{}})").value() == std::nullopt);
    CHECK(etcd::holder_in(R"({"header":{},"kvs":[{"key":"YQ==","lease":"12"}],"count":"1"})").value() == 12);
    CHECK(etcd::holder_in(R"({"header":{},"kvs":[{"key":"YQ=="}],"count":"1"})").value() == 0);
    CHECK(etcd::taken_in(R"({"header":{},"succeeded":true,"responses":[{"response_put":{}}]})").value().ours);
    const auto other =
        etcd::taken_in(R"({"header":{},"responses":[{"response_range":{"kvs":[{"key":"YQ==","lease":"12"}]}}]})")
            .value();
    CHECK_FALSE(other.ours);
    CHECK(other.holder == 12);
    CHECK(etcd::token_in(R"({"header":{},"token":"abc.9"})").value() == "abc.9");
    CHECK(etcd::complaint_in(R"({"error":"etcdserver: permission denied","code":7})") ==
          "etcdserver: permission denied");
}

TEST_CASE("odd replies are corrupt and nothing else", "[mutex][etcd]")
{
    for (const char* const bad :
         {"", "null", "[]", "7", "{", R"({"ID":{},"TTL":[]})", R"({"result":7,"kvs":7,"token":7})",
          R"({"header":{},"responses":[7],"kvs":[7],"token":"a\nb"})", R"({"ID":"x","TTL":"9"})"}) {
        CAPTURE(bad);
        CHECK(etcd::granted_in(bad).error().code == base::Errc::corrupt);
        CHECK(etcd::ttl_in(bad).error().code == base::Errc::corrupt);
        CHECK(etcd::taken_in(bad).error().code == base::Errc::corrupt);
        CHECK(etcd::token_in(bad).error().code == base::Errc::corrupt);
    }
    CHECK(etcd::complaint_in("no\nJSON\n") == "no JSON");
    CHECK(etcd::complaint_in("{}").empty());
    CHECK(etcd::complaint_in(std::string(1000, 'x')).size() == 200);
    CHECK(etcd::holder_in("[]").error().code == base::Errc::corrupt);
    CHECK(etcd::holder_in(R"({"kvs":7})").error().code == base::Errc::corrupt);
    CHECK(etcd::holder_in(R"({"kvs":[7]})").error().code == base::Errc::corrupt);
}
