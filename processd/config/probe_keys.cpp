// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/probe_keys.h"

#include <algorithm>

namespace processd::config {
namespace {

void read_rpc(TableReader& keys, model::ProbeSpec& probe)
{
    auto rpc = keys.table("rpc", R"(rpc = { program = "status", version = 1 })");
    if (!rpc) return;
    probe.kind = model::ProbeKind::rpc;
    probe.host = "127.0.0.1";
    const Entry* program = rpc->find("program");
    if (program == nullptr) {
        rpc->complain(rpc->place(), "program", R"("rpc" needs a program, like "nfs", "status" or 100003)");
    } else if (const auto* number = std::get_if<std::int64_t>(&program->value.data)) {
        if (*number < 1 || *number > UINT32_MAX)
            rpc->complain(*program, R"("program" must be from 1 to 4294967295, not )" + std::to_string(*number));
        probe.program = static_cast<std::uint32_t>(*number);
    } else if (std::string name; rpc->text("program", name)) {
        probe.program = model::rpc_program(name);
        if (probe.program == 0)
            rpc->complain(*program,
                          R"("program" must be a number, or a name of the table in ctdb-processd.toml(5), not )" +
                              quoted(name) +
                              did_you_mean(name, {"portmapper", "nfs", "mountd", "rquotad", "nlockmgr", "status"}));
    }
    if (!rpc->number("version", probe.version, 0, UINT32_MAX) && rpc->find("version") == nullptr)
        rpc->complain(rpc->place(), "version", R"("rpc" needs the version of the program, like version = 3)");
    rpc->word<bool>("protocol", probe.udp, {{"tcp", false}, {"udp", true}});
    std::string address;
    if (rpc->text("address", address) && !model::parse_endpoint(address, true, probe))
        rpc->complain(*rpc->find("address"),
                      R"("address" must be an address with or without a port, like "127.0.0.1", )"
                      R"("127.0.0.1:2049" or "[::1]", not )" +
                          quoted(address));
    rpc->finish();
}

} // namespace

bool is_probe_key(std::string_view key)
{
    return std::find(probe_keys.begin(), probe_keys.end(), key) != probe_keys.end();
}

std::vector<const Entry*> ways_of(TableReader& keys, std::span<const std::string_view> all)
{
    std::vector<const Entry*> ways;
    std::size_t newest = 0;
    for (const auto key : all)
        if (const Entry* entry = keys.find(key)) {
            ways.push_back(entry);
            newest = std::max(newest, entry->place.file);
        }
    std::erase_if(ways, [&](const Entry* entry) { return entry->place.file < newest; });
    return ways;
}

void read_probe(TableReader& keys, std::string_view key, model::ProbeSpec& probe)
{
    if (key == "command") {
        probe.kind = model::ProbeKind::command;
        keys.command("command", probe.command);
    } else if (key == "tcp") {
        probe.kind = model::ProbeKind::tcp;
        std::string endpoint;
        if (keys.text("tcp", endpoint) && !model::parse_endpoint(endpoint, false, probe))
            keys.complain(*keys.find("tcp"), R"("tcp" must be an address and a port, like "127.0.0.1:2049" or )"
                                             R"("[::1]:2049"; names are not looked up. It is )" +
                                                 quoted(endpoint));
    } else if (key == "unix") {
        probe.kind = model::ProbeKind::unix;
        keys.path("unix", probe.socket);
    } else if (key == "http") {
        probe.kind = model::ProbeKind::http;
        std::string url;
        if (keys.text("http", url) && !model::parse_url(url, probe))
            keys.complain(
                *keys.find("http"),
                R"("http" must be like "http://127.0.0.1:8080/health" or )"
                R"("http://unix:/run/web.socket:/health"; names are not looked up, and TLS (https) is not spoken. It is )" +
                    quoted(url));
    } else {
        read_rpc(keys, probe);
    }
}

} // namespace processd::config
