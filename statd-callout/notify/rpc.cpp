// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/notify/rpc.h"

#include <charconv>

namespace callout {
namespace {

constexpr std::uint32_t rpcbind_program = 100000, udp = 17, getport = 3, getaddr = 3, sm_notify = 6;

void put(std::string& out, std::uint32_t word)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        out += static_cast<char>((word >> static_cast<unsigned>(shift)) & 0xffU);
}

void put(std::string& out, std::string_view text)
{
    put(out, static_cast<std::uint32_t>(text.size()));
    out += text;
    out.append((4 - text.size() % 4) % 4, '\0');
}

std::string call(std::uint32_t xid, std::uint32_t program, std::uint32_t version, std::uint32_t procedure)
{
    std::string out;
    for (const auto word : {xid, 0U, 2U, program, version, procedure, 0U, 0U, 0U, 0U}) put(out, word);
    return out;
}

bool take(std::string_view& in, std::uint32_t& word)
{
    if (in.size() < 4) return false;
    word = 0;
    for (int i = 0; i < 4; ++i) word = (word << 8U) | static_cast<unsigned char>(in[static_cast<std::size_t>(i)]);
    in.remove_prefix(4);
    return true;
}

bool take(std::string_view& in, std::string_view& text)
{
    std::uint32_t size = 0;
    if (!take(in, size) || size > in.size()) return false;
    text = in.substr(0, size);
    in.remove_prefix(size);
    in.remove_prefix(std::min<std::size_t>(in.size(), (4 - size % 4) % 4));
    return true;
}

} // namespace

std::string getport_call(std::uint32_t xid)
{
    auto out = call(xid, rpcbind_program, 2, getport);
    for (const auto word : {nsm_program, nsm_version, udp, 0U}) put(out, word);
    return out;
}

std::string getaddr_call(std::uint32_t xid, std::uint32_t version, bool v6)
{
    auto out = call(xid, rpcbind_program, version, getaddr);
    put(out, nsm_program);
    put(out, nsm_version);
    put(out, v6 ? std::string_view("udp6") : std::string_view("udp"));
    put(out, std::string_view()); // our address, which rpcbind may use to choose among its own
    put(out, std::string_view("superuser"));
    return out;
}

std::string notify_call(std::uint32_t xid, std::string_view mon_name, std::int32_t state)
{
    auto out = call(xid, nsm_program, nsm_version, sm_notify);
    put(out, mon_name);
    put(out, static_cast<std::uint32_t>(state));
    return out;
}

std::optional<Reply> parse_reply(std::string_view datagram)
{
    Reply reply;
    std::uint32_t kind = 0, status = 0, flavor = 0, accepted = 0;
    std::string_view verifier;
    if (!take(datagram, reply.xid) || !take(datagram, kind) || kind != 1 || !take(datagram, status))
        return std::nullopt;
    if (status != 0) return reply;
    if (!take(datagram, flavor) || !take(datagram, verifier) || !take(datagram, accepted)) return std::nullopt;
    constexpr std::uint32_t success = 0, program_mismatch = 2;
    if (accepted == success) reply.kind = Reply::success;
    if (accepted == program_mismatch) reply.kind = Reply::other_version;
    reply.result = datagram;
    return reply;
}

std::optional<std::uint16_t> parse_port(std::string_view result)
{
    std::uint32_t port = 0;
    if (!take(result, port) || port > 65535) return std::nullopt;
    return static_cast<std::uint16_t>(port);
}

std::optional<std::uint16_t> parse_universal_address(std::string_view result)
{
    std::string_view text;
    if (!take(result, text)) return std::nullopt;
    if (text.empty()) return std::uint16_t{0};
    const auto low = text.rfind('.');
    const auto high = low == std::string_view::npos || low == 0 ? std::string_view::npos : text.rfind('.', low - 1);
    if (high == std::string_view::npos) return std::nullopt;
    unsigned a = 256, b = 256;
    const auto number = [](std::string_view digits, unsigned& value) {
        const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        return problem == std::errc{} && end == digits.data() + digits.size() && value < 256;
    };
    if (!number(text.substr(high + 1, low - high - 1), a) || !number(text.substr(low + 1), b)) return std::nullopt;
    return static_cast<std::uint16_t>(a * 256 + b);
}

} // namespace callout
