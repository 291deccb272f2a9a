// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/etcd/gateway.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace etcd {
namespace {

using nlohmann::json;

tl::unexpected<base::Error> odd(const char* what)
{
    return base::fail(base::Errc::corrupt, std::string("odd reply to ") + what);
}

json parse(std::string_view text) { return json::parse(text, nullptr, false); }

// A 64-bit number is a string; what is 0 is left out.
std::optional<std::int64_t> number(const json& object, const char* name)
{
    if (!object.is_object()) return std::nullopt;
    const auto found = object.find(name);
    if (found == object.end()) return 0;
    if (found->is_number_integer()) return found->get<std::int64_t>();
    if (!found->is_string()) return std::nullopt;
    const auto& text = found->get_ref<const std::string&>();
    std::int64_t value = 0;
    const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
    return value;
}

const json* member(const json& object, const char* name)
{
    if (!object.is_object()) return nullptr;
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

// The lease of the first key in a range's answer; nullopt inside: no key.
base::Result<std::optional<Lease>> holder_of(const json& range)
{
    if (!range.is_object()) return odd("range");
    const auto* kvs = member(range, "kvs");
    if (kvs == nullptr || (kvs->is_array() && kvs->empty())) return std::optional<Lease>{};
    if (!kvs->is_array()) return odd("range");
    const auto lease = number(kvs->front(), "lease");
    if (!lease) return odd("range");
    return std::optional<Lease>{*lease};
}

} // namespace

std::string base64(std::string_view bytes)
{
    static constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto byte = [&](std::size_t at) {
            return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
        };
        const unsigned bits = byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2);
        text += letters[bits >> 18U & 63U];
        text += letters[bits >> 12U & 63U];
        text += i + 1 < bytes.size() ? letters[bits >> 6U & 63U] : '=';
        text += i + 2 < bytes.size() ? letters[bits & 63U] : '=';
    }
    return text;
}

std::string authenticate_request(std::string_view username, std::string_view password)
{
    return json{{"name", username}, {"password", password}}.dump(-1, ' ', true, json::error_handler_t::replace);
}

base::Result<std::string> token_in(std::string_view reply)
{
    const auto value = parse(reply);
    const auto* token = member(value, "token");
    if (token == nullptr || !token->is_string()) return odd("authenticate");
    auto text = token->get<std::string>();
    for (const char c : text) // it becomes a line of a header
        if (c <= ' ' || c == 0x7f) return odd("authenticate");
    return text;
}

std::string grant_request(std::int64_t ttl_s) { return json{{"TTL", std::to_string(ttl_s)}}.dump(); }

base::Result<Granted> granted_in(std::string_view reply)
{
    const auto value = parse(reply);
    const auto lease = number(value, "ID"), ttl = number(value, "TTL");
    if (!lease || !ttl || *lease == 0 || *ttl <= 0) return odd("lease grant");
    return Granted{*lease, *ttl};
}

std::string lease_request(Lease lease) { return json{{"ID", std::to_string(lease)}}.dump(); }

base::Result<std::int64_t> ttl_in(std::string_view reply)
{
    // A stream by nature: its first message is what counts.
    const auto value = parse(reply.substr(0, reply.find('\n')));
    const auto* result = member(value, "result");
    if (result == nullptr) return odd("keep-alive");
    const auto ttl = number(*result, "TTL");
    if (!ttl) return odd("keep-alive");
    return *ttl < 0 ? 0 : *ttl;
}

std::string range_request(std::string_view key) { return json{{"key", base64(key)}}.dump(); }

base::Result<std::optional<Lease>> holder_in(std::string_view reply) { return holder_of(parse(reply)); }

std::string take_request(std::string_view key, std::string_view value, Lease lease)
{
    const auto name = base64(key);
    return json{
        {"compare",
         json::array({{{"key", name}, {"target", "CREATE"}, {"result", "EQUAL"}, {"create_revision", "0"}}})},
        {"success",
         json::array({{{"request_put", {{"key", name}, {"value", base64(value)}, {"lease", std::to_string(lease)}}}}})},
        {"failure", json::array({{{"request_range", {{"key", name}}}}})}}
        .dump();
}

base::Result<Taken> taken_in(std::string_view reply)
{
    const auto value = parse(reply);
    if (member(value, "header") == nullptr) return odd("transaction");
    if (const auto* succeeded = member(value, "succeeded")) {
        if (!succeeded->is_boolean()) return odd("transaction");
        if (succeeded->get<bool>()) return Taken{true, 0};
    }
    const auto* responses = member(value, "responses");
    if (responses == nullptr || !responses->is_array() || responses->empty()) return odd("transaction");
    const auto* range = member(responses->front(), "response_range");
    if (range == nullptr) return odd("transaction");
    const auto holder = holder_of(*range);
    if (!holder || !*holder) return odd("transaction");
    return Taken{false, **holder};
}

std::string complaint_in(std::string_view reply)
{
    const auto value = parse(reply);
    std::string words;
    if (!value.is_object()) words = reply; // the gateway itself says it in plain text
    for (const auto* name : {"error", "message"})
        if (const auto* text = member(value, name); text != nullptr && text->is_string())
            words = text->get<std::string>();
    words.resize(std::min<std::size_t>(words.size(), 200));
    for (auto& c : words)
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
    while (words.ends_with(' ')) words.pop_back();
    return words;
}

} // namespace etcd
