// SPDX-License-Identifier: GPL-3.0-or-later
// Sockets and netlink. A family whose kernel side is not there yet is not asked for, as that would load its module.
#include "helpers/abilities/probe.h"
#include "helpers/base/unique_fd.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

namespace abilities {
namespace {

constexpr int lowest_wanted = 111; // rpcbind's port; smbd's is 445

Finding of_socket(int family, int type, int protocol)
{
    const base::UniqueFd fd{::socket(family, type | SOCK_CLOEXEC, protocol)};
    return of_error(fd ? 0 : errno);
}

Finding raw_sockets() { return of_socket(AF_INET, SOCK_RAW, IPPROTO_RAW); }
Finding packet_sockets() { return of_socket(AF_PACKET, SOCK_RAW, 0); }

Finding net_admin()
{
    const base::UniqueFd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!fd) return of_error(errno);
    const int bytes = 4096;
    return of_call(::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes)); // asks for CAP_NET_ADMIN
}

Finding low_ports()
{
    if (has_capability(CAP_NET_BIND_SERVICE)) return of_error(0);
    const auto start = std::atoi(file_text("/proc/sys/net/ipv4/ip_unprivileged_port_start").c_str());
    return {start <= lowest_wanted, start <= lowest_wanted ? 0 : EACCES, "free from port " + std::to_string(start)};
}

// The kernel's own sockets, one for each family that it serves, have no port.
bool kernel_serves(int family)
{
    std::istringstream lines(file_text("/proc/net/netlink"));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string socket;
        int its_family = -1;
        unsigned long port = 1;
        if (fields >> socket >> its_family >> port && its_family == family && port == 0) return true;
    }
    return false;
}

Finding netlink(int family)
{
    if (!kernel_serves(family)) return {std::nullopt, 0, "not loaded; the kernel does that when it is first asked for"};
    return of_socket(AF_NETLINK, SOCK_RAW, family);
}

Finding netlink_route() { return of_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE); }
Finding netlink_sock_diag() { return netlink(NETLINK_SOCK_DIAG); }
Finding nfnetlink() { return netlink(NETLINK_NETFILTER); }

// Asks for the generation of the rules, which changes nothing.
Finding nf_tables()
{
    struct stat found {};
    if (!kernel_serves(NETLINK_NETFILTER) || ::stat("/sys/module/nf_tables", &found) < 0)
        return {std::nullopt, 0, "not loaded; the kernel does that when it is first asked for"};
    const base::UniqueFd fd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER)};
    if (!fd) return of_error(errno);
    struct {
        nlmsghdr header;
        nfgenmsg message;
    } request{};
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    request.message.nfgen_family = AF_UNSPEC;
    const timeval patience{2, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::send(fd.get(), &request, sizeof request, 0) < 0) return of_error(errno);
    alignas(nlmsghdr) std::array<char, 4096> reply{};
    if (::recv(fd.get(), reply.data(), reply.size(), 0) < static_cast<ssize_t>(sizeof(nlmsghdr)))
        return of_error(errno == 0 ? EIO : errno);
    nlmsghdr header{};
    std::memcpy(&header, reply.data(), sizeof header);
    if (header.nlmsg_type != NLMSG_ERROR) return of_error(0);
    nlmsgerr error{};
    std::memcpy(&error, reply.data() + NLMSG_HDRLEN, sizeof error);
    return of_error(-error.error);
}

constexpr std::array<Ability, 8> table{{
    {"net_admin", "addresses, routes and rules may be changed", "ctdbd's public addresses; event scripts",
     "the node has no public addresses", "CAP_NET_ADMIN (--cap-add NET_ADMIN)", net_admin},
    {"raw_sockets", "raw IP packets", "ctdbd's tickles of TCP connections; ctdb_killtcp",
     "clients notice a failover only when they send something", "CAP_NET_RAW", raw_sockets},
    {"packet_sockets", "Ethernet frames", "ctdbd's announcement of addresses that it has taken over (ARP)",
     "others send to the old node until their caches expire", "CAP_NET_RAW", packet_sockets},
    {"low_ports", "ports below 1024", "rpcbind, smbd and other servers", "they do not start, or need other ports",
     "CAP_NET_BIND_SERVICE, or net.ipv4.ip_unprivileged_port_start", low_ports},
    {"netlink_route", "netlink: addresses and interfaces", "ip(8) in event scripts", "they fail",
     "RestrictAddressFamilies= with AF_NETLINK", netlink_route},
    {"netlink_sock_diag", "netlink: sockets of this host", "ss(8) in event scripts, for connections of an address",
     "clients' connections are not reset at a failover", "the kernel's modules tcp_diag and inet_diag",
     netlink_sock_diag},
    {"nfnetlink", "netlink: packet filters", "iptables and nft in event scripts",
     "an address that moves is not blocked meanwhile", "the kernel's module nfnetlink", nfnetlink},
    {"nf_tables", "rules of nftables", "nft, and iptables where that is built upon it",
     "an address that moves is not blocked meanwhile", "CAP_NET_ADMIN, and the kernel's module nf_tables", nf_tables},
}};

} // namespace

std::span<const Ability> network_abilities() { return table; }

} // namespace abilities
