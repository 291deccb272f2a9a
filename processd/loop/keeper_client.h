// SPDX-License-Identifier: GPL-3.0-or-later
// processd/loop/keeper_client.h: the manager's end of the channel to the keeper (docs/keeper-protocol.md). Sends
// requests in order, queueing them while the socket is full; delivers messages as they come and tells the keeper what
// has been handled: by the next request, or by one `read` message a tenth of a second later.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"
#include "processd/loop/loop.h"
#include "processd/protocol/channel.h"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace processd::loop {

struct KeeperEvents {
    std::function<void(const protocol::Hello&, base::UniqueFd listening)> on_hello;
    // fds are the ring and the specification memfd at hand-over and after a spawn, else none. cookie only at hand-over.
    std::function<void(const protocol::ChildState&, std::string_view cookie, std::vector<base::UniqueFd> fds)> on_child;
    std::function<void()> on_hello_end;
    std::function<void(base::Time deadline)> on_stop;
    std::function<void()> on_reload;
    std::function<void(const protocol::Figures&)> on_figures;
    std::function<void(const protocol::Upgrade&)> on_upgrade;
    std::function<void(const base::Error&)> on_lost; // the keeper is gone or speaks nonsense: nothing more can be done
};

class KeeperClient {
public:
    KeeperClient(Loop& loop, base::UniqueFd channel, KeeperEvents events);

    // The request id under which the child will be told. spec is the encoded protocol::SpawnSpec; stdin_data only where
    // the specification says Stdin::data. Fails only for want of a memfd or with a cookie beyond protocol::max_cookie.
    base::Result<std::uint64_t> spawn(std::string_view spec, std::string_view cookie, const std::string* stdin_data);
    // With a cookie that is not empty the keeper has both or neither.
    void signal(protocol::ChildId child, int signal, protocol::Scope scope, std::string_view cookie = {});
    void empty(protocol::ChildId child);
    void watch(const protocol::Watch& watch);
    void cookie(protocol::ChildId child, std::string_view cookie);
    void ack(protocol::ChildId child);
    void settings(const protocol::Settings& settings);
    void ready();
    void stopped(bool in_order);
    void ask_stop();
    void ask_figures();
    void ask_upgrade();
    [[nodiscard]] std::size_t backlog() const { return queue_.size(); } // requests that the socket did not take yet
    void when_sent(std::function<void()> then);                         // at once, or when there is no backlog any more
    void stop_reading(); // what comes is left to the next manager, whom the keeper tells all there is
    void set_request_base(std::uint64_t first) { next_request_ = first; } // request ids count from here
    KeeperClient(const KeeperClient&) = delete;
    KeeperClient& operator=(const KeeperClient&) = delete;

private:
    struct Outgoing {
        protocol::Type type;
        std::string body;
        std::vector<base::UniqueFd> fds;
    };
    void send(protocol::Type type, std::string body, std::vector<base::UniqueFd> fds = {});
    bool send_now(const Outgoing& message);
    void flush();
    void receive();
    void dispatch(protocol::Received message);

    base::UniqueFd channel_;
    KeeperEvents events_;
    Poll poll_;
    Timer tell_read_;
    std::deque<Outgoing> queue_;
    std::vector<std::function<void()>> when_sent_;
    std::uint64_t next_request_ = 1;
    base::UniqueFd next_memfd_; // for the next specification
    std::uint64_t sent_seq_ = 0;
    std::uint64_t read_seq_ = 0;
    std::uint64_t told_read_seq_ = 0;
    void wait_for_socket();
    bool lost_ = false;
    bool deaf_ = false;
};

} // namespace processd::loop
