// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/probe_spec.h: one question whether something works: a command, a connection, an HTTP request, or the
// NULL procedure of an RPC program. Hosts are addresses, never names: nobody waits for a name service here.
#pragma once

#include "processd/model/json_text.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace processd::model {

enum class ProbeKind { command, tcp, unix, http, rpc };

struct ProbeSpec {
    ProbeKind kind = ProbeKind::command;
    std::vector<std::string> command; // exit 0 means yes
    std::string host;                 // tcp, http, rpc: an IPv4 or IPv6 address
    std::uint16_t port = 0;           // likewise; rpc: 0 asks the host's rpcbind
    std::string socket;               // unix; http: the server's Unix socket, and then no host
    std::string path;                 // http: "/healthz", with a query if there is one
    std::uint32_t program = 0;        // rpc
    std::uint32_t version = 0;        // rpc
    bool udp = false;                 // rpc: over UDP, not TCP
    friend bool operator==(const ProbeSpec&, const ProbeSpec&) = default;
};

// "tcp 127.0.0.1:2049", "rpc status v1 tcp 127.0.0.1": for sentences.
std::string target_of(const ProbeSpec& probe);

// An endpoint "127.0.0.1:80" or "[::1]:80", and one without a port where that may be. False for anything else.
bool parse_endpoint(std::string_view text, bool port_optional, ProbeSpec& probe);
// "http://ADDRESS[:PORT][/PATH]" or "http://unix:/SOCKET:/PATH".
bool parse_url(std::string_view text, ProbeSpec& probe);
// The programs of an NFS server by the names of rpc(5), else a number. 0: neither.
std::uint32_t rpc_program(std::string_view name);
std::string rpc_program_name(std::uint32_t program);

std::string_view name_of(ProbeKind kind);
void to_json(nlohmann::json& j, const ProbeSpec& probe);
void from_json(const nlohmann::json& j, ProbeSpec& probe);

} // namespace processd::model
