// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/notify/sender.h"

#include "helpers/addresses/address_file.h"
#include "helpers/base/unique_fd.h"
#include "helpers/command/command.h"
#include "statd-callout/notify/course.h"
#include "statd-callout/notify/rpc.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <queue>
#include <random>
#include <sys/socket.h>
#include <unordered_map>

namespace callout {
namespace {

using base::Time;
using std::chrono::milliseconds;

constexpr std::uint16_t rpcbind_port = 111;
constexpr std::size_t burst = 64; // datagrams between two looks at the replies, so that no buffer overflows
constexpr milliseconds bind_pause{100};

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;

    [[nodiscard]] bool v6() const { return storage.ss_family == AF_INET6; }
    void set_port(std::uint16_t port)
    {
        if (v6())
            reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port = htons(port);
        else
            reinterpret_cast<sockaddr_in*>(&storage)->sin_port = htons(port);
    }
    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

std::optional<Address> parse_address(const std::string& text)
{
    Address address;
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        address.size = sizeof *v4;
        return address;
    }
    if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        address.size = sizeof *v6;
        return address;
    }
    return std::nullopt;
}

// CTDB's records are of addresses; a name costs a look-up of its own.
std::optional<Address> find_address(const std::string& client, bool v6)
{
    if (const auto address = parse_address(client)) return address;
    const auto ran = command::run({"getent", v6 ? "ahostsv6" : "ahostsv4", client}, {}, std::chrono::seconds{3});
    if (!ran || !ran->good()) return std::nullopt;
    return parse_address(ran->out.substr(0, ran->out.find_first_of(" \t\n")));
}

// Some clients only listen to reserved ports; without the right to have one any port has to do.
base::UniqueFd bound_socket(Address address)
{
    base::UniqueFd fd{::socket(address.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const int buffer = 4 << 20;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    std::minstd_rand random{std::random_device{}()};
    for (int tries = 0; fd && tries < 200; ++tries) {
        address.set_port(static_cast<std::uint16_t>(700 + random() % 324));
        if (::bind(fd.get(), address.get(), address.size) == 0) return fd;
        if (errno != EADDRINUSE) break;
    }
    if (errno == EACCES || errno == EADDRINUSE) {
        address.set_port(0);
        if (::bind(fd.get(), address.get(), address.size) == 0) return fd;
    }
    return {};
}

class Sending {
public:
    Sending(const std::vector<Target>& targets, base::Duration deadline, const OnOutcome& on_outcome)
        : targets_(targets),
          began_(base::now()),
          end_(began_ + deadline),
          on_outcome_(on_outcome),
          clients_(targets.size())
    {
        for (std::size_t i = 0; i < targets.size(); ++i) add(i);
    }

    void run()
    {
        while (left_ > 0) {
            const auto now = base::now();
            if (now >= end_) break;
            open_sockets(now);
            const bool more = send_due(now);
            wait(more ? now : next_time());
            receive();
        }
        for (std::size_t i = 0; i < clients_.size(); ++i)
            if (!clients_[i].done) finish(i, false, last_question(clients_[i]));
    }

private:
    struct Server {
        Address address;
        base::UniqueFd fd;
        Time next_bind{};
    };
    struct Client {
        Address address;
        Server* server = nullptr;
        Course course;
        std::uint32_t xid = 0; // of the question under way; asked again with the same
        bool done = false;
    };
    using Due = std::pair<Time, std::size_t>;

    void add(std::size_t i)
    {
        ++left_;
        const auto& target = targets_[i];
        auto& client = clients_[i];
        const auto ours = parse_address(target.server);
        if (!ours) return finish(i, false, "the server's address is none");
        const auto theirs = find_address(target.client, ours->v6());
        if (!theirs || theirs->v6() != ours->v6())
            return finish(i, false, "the client has no address of the server's kind");
        auto& server = servers_[target.server];
        server.address = *ours;
        client.address = *theirs;
        client.server = &server;
        client.course = begin(theirs->v6(), target.names.size(), began_);
        due_.emplace(began_, i);
    }

    void finish(std::size_t i, bool reached, std::string why)
    {
        clients_[i].done = true;
        waiting_.erase(clients_[i].xid);
        --left_;
        on_outcome_(i, {reached, std::move(why), base::now() - began_});
    }

    static std::string last_question(const Client& client)
    {
        if (!client.server->fd) return "our address is not there";
        if (client.course.question == Question::notify) return "statd does not answer";
        return client.course.port == 0 && client.course.tries == 0 ? "was not asked"
                                                                   : "rpcbind does not answer or knows no statd";
    }

    void open_sockets(Time now)
    {
        for (auto& [name, server] : servers_)
            if (!server.fd && server.next_bind <= now) {
                server.fd = bound_socket(server.address);
                server.next_bind = now + bind_pause;
            }
    }

    // True if there was more to send.
    bool send_due(Time now)
    {
        for (std::size_t sent = 0; !due_.empty() && due_.top().first <= now; ++sent) {
            if (sent == burst) return true;
            const auto [when, i] = due_.top();
            due_.pop();
            auto& client = clients_[i];
            if (client.done || client.course.next != when) continue; // an older wish
            if (!client.server->fd) {
                client.course.next = client.server->next_bind;
                due_.emplace(client.course.next, i);
                continue;
            }
            send(i, now);
        }
        return false;
    }

    void send(std::size_t i, Time now)
    {
        auto& client = clients_[i];
        const bool again = client.course.tries > 0;
        if (!again) {
            waiting_.erase(client.xid);
            client.xid = next_xid_++;
            waiting_.emplace(client.xid, i);
        }
        const auto text = question(i);
        client.address.set_port(client.course.question == Question::notify ? client.course.port : rpcbind_port);
        // An error, such as no route, is as good as no reply: there may be one at the next try.
        [[maybe_unused]] const auto n =
            ::sendto(client.server->fd.get(), text.data(), text.size(), 0, client.address.get(), client.address.size);
        on_sent(client.course, now);
        due_.emplace(client.course.next, i);
    }

    std::string question(std::size_t i)
    {
        const auto& client = clients_[i];
        switch (client.course.question) {
        case Question::port_v2: return getport_call(client.xid);
        case Question::address_v4: return getaddr_call(client.xid, 4, client.course.v6);
        case Question::address_v3: return getaddr_call(client.xid, 3, client.course.v6);
        case Question::notify: break;
        }
        return notify_call(client.xid, targets_[i].names[client.course.told], targets_[i].state);
    }

    [[nodiscard]] Time next_time() const
    {
        auto next = end_;
        if (!due_.empty()) next = std::min(next, due_.top().first);
        return next;
    }

    void wait(Time until)
    {
        std::vector<pollfd> fds;
        for (const auto& [name, server] : servers_)
            if (server.fd) fds.push_back({server.fd.get(), POLLIN, 0});
        const auto left = std::chrono::ceil<milliseconds>(until - base::now()).count();
        ::poll(fds.data(), fds.size(), static_cast<int>(std::clamp<long long>(left, 0, 60'000)));
    }

    void receive()
    {
        std::array<char, 2048> bytes; // NOLINT: filled by recvfrom
        for (auto& [name, server] : servers_) {
            if (!server.fd) continue;
            for (std::size_t count = 0; count < 10'000; ++count) {
                Address from;
                from.size = sizeof from.storage;
                const auto n = ::recvfrom(server.fd.get(), bytes.data(), bytes.size(), 0,
                                          reinterpret_cast<sockaddr*>(&from.storage), &from.size);
                if (n < 0 && errno == ECONNREFUSED) continue; // of an earlier datagram
                if (n < 0) break;
                on_datagram({bytes.data(), static_cast<std::size_t>(n)}, from);
            }
        }
    }

    static bool same_host(const Address& a, const Address& b)
    {
        if (a.storage.ss_family != b.storage.ss_family) return false;
        if (a.v6())
            return std::memcmp(&reinterpret_cast<const sockaddr_in6*>(&a.storage)->sin6_addr,
                               &reinterpret_cast<const sockaddr_in6*>(&b.storage)->sin6_addr, sizeof(in6_addr)) == 0;
        return reinterpret_cast<const sockaddr_in*>(&a.storage)->sin_addr.s_addr ==
               reinterpret_cast<const sockaddr_in*>(&b.storage)->sin_addr.s_addr;
    }

    void on_datagram(std::string_view datagram, const Address& from)
    {
        const auto reply = parse_reply(datagram);
        const auto found = reply ? waiting_.find(reply->xid) : waiting_.end();
        if (found == waiting_.end()) return;
        const auto i = found->second;
        auto& client = clients_[i];
        if (client.done || !same_host(from, client.address)) return;
        const auto before = client.course.next;
        on_reply(client.course, datagram, base::now());
        if (client.course.reached()) return finish(i, true, {});
        if (client.course.next != before) due_.emplace(client.course.next, i);
    }

    const std::vector<Target>& targets_;
    Time began_, end_;
    const OnOutcome& on_outcome_;
    std::map<std::string, Server> servers_;
    std::vector<Client> clients_;
    std::unordered_map<std::uint32_t, std::size_t> waiting_; // xid to client
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
    std::uint32_t next_xid_ = std::random_device{}();
    std::size_t left_ = 0;
};

} // namespace

void notify_all(const std::vector<Target>& targets, base::Duration deadline, const OnOutcome& on_outcome)
{
    Sending{targets, deadline, on_outcome}.run();
}

} // namespace callout
