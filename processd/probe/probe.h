// SPDX-License-Identifier: GPL-3.0-or-later
// processd/probe/probe.h: asks once, over a socket of its own, whether something works: a TCP or Unix connection is
// accepted, an HTTP GET is answered with a status below 400, or an RPC program answers its NULL procedure (whose port,
// where it is not given, the host's rpcbind tells). No process, no name service, nothing that blocks. Commands are not
// asked here: they are runs.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"
#include "processd/loop/loop.h"
#include "processd/model/probe_spec.h"

#include <functional>
#include <memory>
#include <string>

namespace processd::probe {

class Probe {
public:
    // done comes once, on the loop, never from inside the constructor, after `timeout` at the latest. An error's
    // message says in words what happened, without the target. It may destroy the probe; destroying it earlier takes
    // the question back.
    Probe(loop::Loop& loop, model::ProbeSpec spec, base::Duration timeout,
          std::function<void(base::Result<void>)> done);
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;
    ~Probe() = default;

private:
    void connect(std::uint16_t port);
    void ready(int events);
    void send();
    void receive();
    void take(std::string_view message);       // a whole reply of RPC
    void end(base::Result<void> result);       // from a callback
    void end_later(base::Result<void> result); // from the constructor
    [[nodiscard]] bool datagrams() const { return spec_.kind == model::ProbeKind::rpc && spec_.udp; }

    loop::Loop& loop_;
    const model::ProbeSpec spec_;
    std::function<void(base::Result<void>)> done_;
    base::Result<void> result_; // what the timer tells: that it is late, or what is known already
    std::string asked_;         // what goes out once the connection stands
    std::string heard_;         // of a stream, so far
    std::uint32_t xid_ = 0;
    bool asks_rpcbind_ = false;
    bool sent_ = false;
    base::UniqueFd fd_;
    std::unique_ptr<loop::Poll> poll_; // after fd_: goes first
    loop::Timer timer_;
    loop::Timer again_; // datagrams may be lost
};

} // namespace processd::probe
