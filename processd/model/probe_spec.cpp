// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/probe_spec.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

namespace processd::model {
namespace {

constexpr std::array<std::string_view, 5> kind_names{"command", "tcp", "unix", "http", "rpc"};
constexpr std::array<std::pair<std::string_view, std::uint32_t>, 6> programs{{
    {"portmapper", 100000},
    {"nfs", 100003},
    {"mountd", 100005},
    {"rquotad", 100011},
    {"nlockmgr", 100021},
    {"status", 100024},
}};

template <class Int> bool number(std::string_view text, Int& value)
{
    const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    return problem == std::errc{} && rest == text.data() + text.size() && !text.empty();
}

bool is_address(const std::string& host)
{
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return ::inet_pton(host.find(':') == std::string::npos ? AF_INET : AF_INET6, host.c_str(), bytes.data()) == 1;
}

std::string endpoint_of(const ProbeSpec& probe)
{
    auto text = probe.host.find(':') == std::string::npos ? probe.host : "[" + probe.host + "]";
    return probe.port == 0 ? text : text + ":" + std::to_string(probe.port);
}

} // namespace

std::string_view name_of(ProbeKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

std::string target_of(const ProbeSpec& probe)
{
    switch (probe.kind) {
    case ProbeKind::command: return "command " + (probe.command.empty() ? std::string() : probe.command.front());
    case ProbeKind::tcp: return "tcp " + endpoint_of(probe);
    case ProbeKind::unix: return "unix " + probe.socket;
    case ProbeKind::http:
        return "http://" + (probe.socket.empty() ? endpoint_of(probe) : "unix:" + probe.socket + ":") + probe.path;
    case ProbeKind::rpc:
        return "rpc " + rpc_program_name(probe.program) + " v" + std::to_string(probe.version) +
               (probe.udp ? " udp " : " tcp ") + endpoint_of(probe);
    }
    return "";
}

bool parse_endpoint(std::string_view text, bool port_optional, ProbeSpec& probe)
{
    std::string_view host = text;
    std::string_view port;
    bool has_port = false;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return false;
        host = text.substr(1, end - 1);
        if (host.find(':') == std::string_view::npos) return false; // brackets are IPv6's
        const auto rest = text.substr(end + 1);
        if (!rest.empty() && rest.front() != ':') return false;
        has_port = !rest.empty();
        port = has_port ? rest.substr(1) : rest;
    } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
        has_port = true;
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
    }
    std::string address(host);
    if (!is_address(address) || (!has_port && !port_optional)) return false;
    std::uint16_t parsed = 0;
    if (has_port && (!number(port, parsed) || parsed == 0)) return false;
    probe.host = std::move(address);
    probe.port = parsed;
    return true;
}

bool parse_url(std::string_view text, ProbeSpec& probe)
{
    constexpr std::string_view scheme = "http://";
    constexpr std::string_view socket = "unix:";
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
    if (!text.starts_with(scheme) || !plain) return false;
    text.remove_prefix(scheme.size());
    if (text.starts_with(socket)) {
        text.remove_prefix(socket.size());
        const auto colon = text.find(":/");
        if (!text.starts_with('/') || colon == std::string_view::npos) return false;
        probe.socket = text.substr(0, colon);
        probe.path = text.substr(colon + 1);
        return true;
    }
    const auto slash = std::min(text.find('/'), text.size());
    if (!parse_endpoint(text.substr(0, slash), true, probe)) return false;
    if (probe.port == 0) probe.port = 80;
    probe.path = slash == text.size() ? std::string("/") : std::string(text.substr(slash));
    return true;
}

std::uint32_t rpc_program(std::string_view name)
{
    for (const auto& [known, program] : programs)
        if (known == name) return program;
    std::uint32_t program = 0;
    return number(name, program) ? program : 0;
}

std::string rpc_program_name(std::uint32_t program)
{
    for (const auto& [name, known] : programs)
        if (known == program) return std::string(name);
    return std::to_string(program);
}

void to_json(nlohmann::json& j, const ProbeSpec& probe)
{
    j = {{"kind", name_of(probe.kind)}, {"command", probe.command}, {"host", probe.host},
         {"port", probe.port},          {"socket", probe.socket},   {"path", probe.path},
         {"program", probe.program},    {"version", probe.version}, {"udp", probe.udp}};
}

void from_json(const nlohmann::json& j, ProbeSpec& probe)
{
    const auto& kind = j.at("kind").get_ref<const std::string&>();
    const auto* const at = std::find(kind_names.begin(), kind_names.end(), kind);
    if (at == kind_names.end()) throw nlohmann::json::other_error::create(511, "unknown kind of probe", &j);
    probe.kind = static_cast<ProbeKind>(at - kind_names.begin());
    probe.command = j.at("command").get<std::vector<std::string>>();
    probe.host = j.at("host");
    probe.port = j.at("port");
    probe.socket = j.at("socket");
    probe.path = j.at("path");
    probe.program = j.at("program");
    probe.version = j.at("version");
    probe.udp = j.at("udp");
}

} // namespace processd::model
