// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/probe/rpc.h"

#include <charconv>

namespace processd::probe {
namespace {

constexpr std::uint32_t rpc_version = 2;
constexpr std::uint32_t last_fragment = 0x80000000U;
constexpr std::uint32_t longest_reply = 64 * 1024;
constexpr std::uint32_t longest_address = 256;

enum Message : std::uint32_t { call_message = 0, reply_message = 1 };
enum ReplyState : std::uint32_t { accepted = 0, denied = 1 };
enum AcceptState : std::uint32_t { success = 0, no_program = 1, no_version = 2, no_procedure = 3 };

void put(std::string& to, std::uint32_t word)
{
    for (int shift = 24; shift >= 0; shift -= 8) to += static_cast<char>(word >> static_cast<unsigned>(shift) & 0xffU);
}

void put(std::string& to, std::string_view text)
{
    put(to, static_cast<std::uint32_t>(text.size()));
    to += text;
    to.append((4 - text.size() % 4) % 4, '\0');
}

// Words from the front of some bytes; nothing more once they have run out.
class Words {
public:
    explicit Words(std::string_view bytes) : rest_(bytes) {}
    std::optional<std::uint32_t> next()
    {
        if (rest_.size() < 4) return std::nullopt;
        std::uint32_t word = 0;
        for (int i = 0; i < 4; ++i) word = word << 8U | static_cast<unsigned char>(rest_[static_cast<std::size_t>(i)]);
        rest_.remove_prefix(4);
        return word;
    }
    bool skip(std::uint32_t bytes)
    {
        const std::size_t padded = (std::size_t{bytes} + 3) / 4 * 4;
        if (padded > rest_.size()) return false;
        rest_.remove_prefix(padded);
        return true;
    }
    [[nodiscard]] std::string_view rest() const { return rest_; }

private:
    std::string_view rest_;
};

auto malformed() { return base::fail(base::Errc::corrupt, "its reply is not one of RPC"); }

} // namespace

std::string encode(const Call& call)
{
    std::string bytes;
    for (const std::uint32_t word : {call.xid, std::uint32_t{call_message}, rpc_version, call.program, call.version,
                                     call.procedure, 0U, 0U, 0U, 0U})
        put(bytes, word); // the last four: credentials and verifier, both AUTH_NONE
    return bytes + call.arguments;
}

std::string getaddr_arguments(std::uint32_t program, std::uint32_t version, std::string_view netid)
{
    std::string bytes;
    put(bytes, program);
    put(bytes, version);
    put(bytes, netid);
    put(bytes, std::string_view{}); // the address and owner are for others to say
    put(bytes, std::string_view{});
    return bytes;
}

std::string as_record(std::string_view message)
{
    std::string record;
    put(record, last_fragment | static_cast<std::uint32_t>(message.size()));
    return record.append(message);
}

base::Result<std::optional<std::string>> message_of(std::string_view stream)
{
    Words words{stream};
    const auto mark = words.next();
    if (!mark) return std::optional<std::string>{};
    const auto size = *mark & ~last_fragment;
    if ((*mark & last_fragment) == 0 || size > longest_reply) return malformed();
    if (words.rest().size() < size) return std::optional<std::string>{};
    return std::optional(std::string(words.rest().substr(0, size)));
}

base::Result<std::optional<std::string>> decode_reply(std::string_view message, std::uint32_t xid)
{
    Words words{message};
    const auto its_xid = words.next(), type = words.next(), state = words.next();
    if (!its_xid || type != reply_message || !state) return malformed();
    if (*its_xid != xid) return std::optional<std::string>{};
    if (*state == denied) return base::fail(base::Errc::not_permitted, "it denies the call");
    const auto flavour = words.next(), length = words.next();
    if (*state != accepted || !flavour || !length || !words.skip(*length)) return malformed();
    const auto how = words.next();
    if (!how) return malformed();
    switch (*how) {
    case success: return std::optional(std::string(words.rest()));
    case no_program: return base::fail(base::Errc::not_found, "there is no such program");
    case no_version: {
        const auto low = words.next(), high = words.next();
        if (!low || !high) return malformed();
        return base::fail(base::Errc::not_found,
                          "it has versions " + std::to_string(*low) + " to " + std::to_string(*high) + " only");
    }
    case no_procedure: return base::fail(base::Errc::not_found, "it does not know the procedure");
    default: return base::fail(base::Errc::unavailable, "it cannot answer, accept state " + std::to_string(*how));
    }
}

base::Result<std::uint16_t> port_of(std::string_view results)
{
    Words words{results};
    const auto size = words.next();
    if (!size || *size > longest_address || words.rest().size() < *size) return malformed();
    const auto address = words.rest().substr(0, *size);
    if (address.empty()) return std::uint16_t{0};
    const auto low_dot = address.rfind('.');
    const auto high_dot =
        low_dot == std::string_view::npos || low_dot == 0 ? std::string_view::npos : address.rfind('.', low_dot - 1);
    if (high_dot == std::string_view::npos) return malformed();
    const auto byte = [](std::string_view text) -> std::optional<std::uint16_t> {
        std::uint16_t value = 0;
        const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (problem != std::errc{} || rest != text.data() + text.size() || value > 255) return std::nullopt;
        return value;
    };
    const auto high = byte(address.substr(high_dot + 1, low_dot - high_dot - 1)),
               low = byte(address.substr(low_dot + 1));
    if (!high || !low) return malformed();
    return static_cast<std::uint16_t>(*high << 8U | *low);
}

} // namespace processd::probe
