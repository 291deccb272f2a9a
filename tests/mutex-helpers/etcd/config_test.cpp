// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/etcd/config.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

TEST_CASE("a configuration is key = value lines", "[mutex][etcd]")
{
    CHECK(etcd::parse_config("").value() == etcd::Config{});
    const auto config = etcd::parse_config("# three members\n"
                                           "endpoints = https://10.0.0.1:2379, https://10.0.0.2:2379/\n"
                                           "\tlock=cluster/a\r\n"
                                           "lock_ttl = 12\n\n"
                                           "ca_cert = /etc/ca.pem\n"
                                           "cert = /etc/c.pem\n"
                                           "key = /etc/k.pem\n"
                                           "username = ctdb\n"
                                           "password = a = b")
                            .value();
    CHECK(config.endpoints == std::vector<std::string>{"https://10.0.0.1:2379", "https://10.0.0.2:2379"});
    CHECK(config.lock == "cluster/a");
    CHECK(config.ttl == 12s);
    CHECK(config.cert + config.key == "/etc/c.pem/etc/k.pem");
    CHECK(config.password == "a = b");
}

TEST_CASE("what is wrong with a configuration is said with its line", "[mutex][etcd]")
{
    const std::vector<std::pair<std::string, std::string>> table{
        {"lock = a\nport = 1",
         "line 2: there is no key \"port\"; there are endpoints, lock, lock_ttl, ca_cert, cert, key, "
         "username, password"},
        {"lock", "line 1: not \"key = value\""},
        {"lock =", "line 1: no value"},
        {"lock_ttl = 1", "line 1: lock_ttl is a number of seconds from 2 to 600"},
        {"lock_ttl = 9s", "line 1: lock_ttl is a number of seconds from 2 to 600"},
        {"endpoints = 10.0.0.1:2379", "line 1: \"10.0.0.1:2379\" is not like https://host:2379"},
        {"endpoints = http://a@b", "line 1: \"http://a@b\" is not like https://host:2379"},
        {"endpoints = ,", "line 1: no endpoint"},
        {"cert = a", "cert and key go together"},
        {"username = a", "username and password go together"}};
    for (const auto& [text, why] : table) {
        CAPTURE(text);
        const auto config = etcd::parse_config(text);
        REQUIRE_FALSE(config);
        CHECK(config.error().context == why);
    }
}

TEST_CASE("a part of the lease is left to the guard and to clocks", "[mutex][etcd]")
{
    CHECK(etcd::safe_part(2s) == 1500ms);
    CHECK(etcd::safe_part(9s) == 8100ms);
}
