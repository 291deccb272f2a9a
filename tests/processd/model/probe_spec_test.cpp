// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/probe_spec.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace processd::model;

TEST_CASE("an endpoint is an address and a port, and never a name", "[model][probe]")
{
    struct Row {
        std::string text, host;
        int port;
    };
    for (const auto& [text, host, port] : std::vector<Row>{{"127.0.0.1:80", "127.0.0.1", 80},
                                                           {"[::1]:65535", "::1", 65535},
                                                           {"[fe80::1]:1", "fe80::1", 1},
                                                           {"0.0.0.0:1", "0.0.0.0", 1}}) {
        ProbeSpec probe;
        CAPTURE(text);
        CHECK(parse_endpoint(text, false, probe));
        CHECK(probe.host == host);
        CHECK(probe.port == port);
    }
    for (const char* bad : {"", ":80", "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
                            "127.0.0.1:8o", "::1:80", "[::1]", "[::1", "[::1]80", "[127.0.0.1]:80", "127.0.0.1:80 "}) {
        ProbeSpec probe;
        CAPTURE(bad);
        CHECK_FALSE(parse_endpoint(bad, false, probe));
    }
    ProbeSpec probe;
    CHECK(parse_endpoint("[::1]", true, probe));
    CHECK(probe.port == 0);
}

TEST_CASE("a URL is http to an address or to a Unix socket", "[model][probe]")
{
    ProbeSpec probe;
    CHECK(parse_url("http://127.0.0.1:8080/a/b?c=d", probe));
    CHECK(probe.host == "127.0.0.1");
    CHECK(probe.port == 8080);
    CHECK(probe.path == "/a/b?c=d");
    probe = {};
    CHECK(parse_url("http://[::1]", probe));
    CHECK(probe.port == 80);
    CHECK(probe.path == "/");
    probe = {};
    CHECK(parse_url("http://unix:/run/x.socket:/v1/health?level=ready", probe));
    CHECK(probe.socket == "/run/x.socket");
    CHECK(probe.path == "/v1/health?level=ready");
    for (const char* bad : {"", "http://", "https://127.0.0.1/", "http://localhost/", "http://unix:/run/x",
                            "http://unix:x:/", "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y"}) {
        probe = {};
        CAPTURE(bad);
        CHECK_FALSE(parse_url(bad, probe));
    }
}

TEST_CASE("RPC programs are known by name and by number", "[model][probe]")
{
    CHECK(rpc_program("nfs") == 100003);
    CHECK(rpc_program("100024") == 100024);
    CHECK(rpc_program("nsf") == 0);
    CHECK(rpc_program_name(100024) == "status");
    CHECK(rpc_program_name(400000) == "400000");
}

TEST_CASE("a probe survives its JSON and names its target", "[model][probe]")
{
    ProbeSpec probe;
    probe.kind = ProbeKind::rpc;
    probe.host = "::1";
    probe.port = 2049;
    probe.program = 100003;
    probe.version = 4;
    probe.udp = true;
    CHECK(nlohmann::json(probe).get<ProbeSpec>() == probe);
    CHECK(target_of(probe) == "rpc nfs v4 udp [::1]:2049");
    probe = {};
    probe.kind = ProbeKind::http;
    probe.socket = "/s";
    probe.path = "/p";
    CHECK(nlohmann::json(probe).get<ProbeSpec>() == probe);
    CHECK(target_of(probe) == "http://unix:/s:/p");
}
