// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/nodes/list.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdio>
#include <map>
#include <netinet/in.h>

namespace nodes {
namespace {

using base::Errc;
using base::fail;

// Foreign text in a sentence: short, and without anything a terminal would obey.
std::string quoted(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text.substr(0, 60)) {
        if (c >= ' ' && c < 0x7f && c != '"' && c != '\\') {
            out += c;
        } else {
            std::array<char, 8> hex{};
            std::snprintf(hex.data(), hex.size(), "\\x%02x", unsigned(static_cast<unsigned char>(c)));
            out += hex.data();
        }
    }
    return out + (text.size() > 60 ? "…\"" : "\"");
}

std::string number_text(std::size_t number) { return "node " + std::to_string(number); }

std::string_view trimmed(std::string_view text)
{
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool is_ipv4_of_a_host(const in_addr& address)
{
    const auto host = ntohl(address.s_addr);
    return host >= 0x01000000 && host < 0xE0000000; // not "this network", multicast, reserved or broadcast
}

bool is_ipv6_of_a_host(const in6_addr& address)
{
    return !IN6_IS_ADDR_UNSPECIFIED(&address) && !IN6_IS_ADDR_MULTICAST(&address) && !IN6_IS_ADDR_V4MAPPED(&address) &&
           !IN6_IS_ADDR_LINKLOCAL(&address); // needs an interface, which is another one on each node
}

// What a comment says of the node that was: an address, or nothing that helps.
Node deleted_node(std::string_view comment)
{
    while (!comment.empty() && comment.front() == '#') comment.remove_prefix(1);
    const auto address = canonical_address(trimmed(comment));
    return {address ? *address : std::string(), true, false};
}

} // namespace

base::Result<std::string> canonical_address(std::string_view text)
{
    const std::string word(text);
    std::array<char, INET6_ADDRSTRLEN> out{};
    in_addr four{};
    in6_addr six{};
    bool usable = false;
    if (word.find('\0') != std::string::npos)
        return fail(Errc::bad_input, quoted(text) + " is not an IPv4 or IPv6 address");
    if (::inet_pton(AF_INET, word.c_str(), &four) == 1) {
        usable = is_ipv4_of_a_host(four);
        ::inet_ntop(AF_INET, &four, out.data(), out.size());
    } else if (::inet_pton(AF_INET6, word.c_str(), &six) == 1) {
        usable = is_ipv6_of_a_host(six);
        ::inet_ntop(AF_INET6, &six, out.data(), out.size());
    } else {
        return fail(Errc::bad_input, quoted(text) + " is not an IPv4 or IPv6 address");
    }
    if (!usable) return fail(Errc::bad_input, quoted(text) + " can't be the address of a node");
    return std::string(out.data());
}

base::Result<List> parse_lines(std::string_view text, bool must_end)
{
    if (text.size() > max_list_bytes) return fail(Errc::bad_input, "the list is larger than 1 MiB");
    if (must_end && !text.empty() && text.back() != '\n')
        return fail(Errc::bad_input, "the last line has no newline at its end, so the list may be cut off");
    List list;
    for (std::size_t line_number = 1; !text.empty(); ++line_number) {
        const auto end = text.find('\n');
        const auto line = trimmed(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty()) continue;
        if (line.front() == '#') {
            list.push_back(deleted_node(line));
            continue;
        }
        const auto address = canonical_address(line);
        if (!address) return base::wrap("line " + std::to_string(line_number), address.error());
        list.push_back({*address, false, false});
    }
    return list;
}

base::Result<List> parse_source(std::string_view text)
{
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return fail(Errc::bad_input, "there is nothing in it");
    return text[begin] == '{' || text[begin] == '[' ? parse_json(text) : parse_lines(text);
}

std::string format_lines(const List& list)
{
    std::string text;
    for (const auto& node : list) text += (node.deleted ? "#" : "") + node.address + "\n";
    return text;
}

base::Result<Successor> succeed(const std::optional<List>& before, List next)
{
    std::map<std::string_view, std::size_t> place;
    for (std::size_t i = 0; i < next.size(); ++i) {
        if (next[i].deleted) continue;
        const auto [other, is_new] = place.emplace(next[i].address, i);
        if (!is_new)
            return fail(Errc::bad_input, next[i].address + " is there twice, as " + number_text(other->second) +
                                             " and as " + number_text(i));
    }
    if (place.empty()) return fail(Errc::bad_input, "there is no node in it");
    Successor result;
    const List none;
    const auto& old = before ? *before : none;
    const auto whose = [&](std::size_t i) {
        return number_text(i) + (old[i].address.empty() ? "" : " (" + old[i].address + ")");
    };
    // The usual way to get it wrong is to take a line out. Said first, as everything below is a consequence of it.
    for (std::size_t i = 0; i < old.size(); ++i) {
        const auto now = old[i].deleted ? place.end() : place.find(old[i].address);
        if (now != place.end() && now->second != i)
            return fail(Errc::conflict,
                        whose(i) + " would become " + number_text(now->second) +
                            ": numbers must not shift; a node that goes leaves its line with a # before it");
    }
    for (std::size_t i = 0; i < old.size(); ++i) {
        if (i >= next.size())
            return fail(Errc::conflict, whose(i) + " is missing: a node that goes leaves its line with a # before it");
        auto& node = next[i];
        if (node.deleted) {
            if (!old[i].deleted) result.changes.deleted.push_back(i);
            if (!old[i].address.empty()) node.address = old[i].address;
            continue;
        }
        const bool same = node.address == old[i].address;
        if (!old[i].deleted && !same)
            return fail(Errc::conflict, whose(i) + " would become " + node.address +
                                            ": the address of a number can't change; put the new node at the end");
        if (old[i].deleted && !same && !node.replaced)
            return fail(Errc::conflict, whose(i) + " is deleted and its number would go to " + node.address +
                                            ": numbers are not used again; put the new node at the end");
        if (old[i].deleted) result.changes.restored.push_back(i);
    }
    for (std::size_t i = old.size(); i < next.size(); ++i)
        if (!next[i].deleted) result.changes.added.push_back(i);
    for (auto& node : next) node.replaced = false;
    result.list = std::move(next);
    return result;
}

std::string changes_text(const List& list, const Changes& changes)
{
    std::string text;
    const auto say = [&](const std::vector<std::size_t>& numbers, std::string_view what) {
        for (const auto i : numbers)
            text += (text.empty() ? "" : ", ") + number_text(i) + " (" + list[i].address + ") " + std::string(what);
    };
    say(changes.added, "added");
    say(changes.deleted, "deleted");
    say(changes.restored, "restored");
    return text.empty() ? "no change" : text;
}

} // namespace nodes
