// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/child.h: all that the keeper knows of one child, from the request to start it until the manager has
// its end on record and nothing of it is left here.
#pragma once

#include "helpers/base/time.h"
#include "helpers/base/unique_fd.h"
#include "processd/keeper/cgroup.h"
#include "processd/keeper/ring_memory.h"
#include "processd/keeper/sweep.h"
#include "processd/protocol/message.h"

#include <optional>
#include <string>
#include <vector>

namespace processd::keeper {

struct Child {
    protocol::ChildState state{}; // ring_head and cookie_size are filled in as it is sent
    std::string label;
    std::uint32_t uid = 0;
    std::uint32_t incarnation = 0; // of the manager that asked for it
    std::string cookie;

    base::UniqueFd pidfd;
    bool reaped = true; // no process, or not any more: false from clone to wait
    base::UniqueFd spec;
    RingMemory ring;
    base::UniqueFd out, err;         // read ends, until end of file
    base::UniqueFd out_end, err_end; // write ends, until the leader is reaped: see Keeper::try_spawn()
    base::UniqueFd status;           // until exec
    bool status_watched = false;     // it is polled
    std::optional<std::size_t> step; // slot in the shared page, until exec or the end
    base::UniqueFd ready;            // readiness pipe
    base::UniqueFd notify;           // datagram socket
    std::string notify_path;
    struct NextMain {  // takes the place of the main process once it is ours, see main_process.h
        pid_t pid = 0; // none
        std::uint64_t started = 0;
        base::UniqueFd parent; // pidfd, watched: between it and the main process
    } next_main;
    std::optional<pid_t> refused_main; // by MAINPID=, the last one
    Cgroup group;
    bool group_watched = false; // its cgroup.events is polled
    bool group_killed = false;  // not to be used again, see Cgroups::discard()

    // Telling the manager.
    std::uint64_t seen = 0;  // ring offset up to which it has read
    bool dirty = false;      // in the queue of states to send
    bool introduced = false; // the current manager has its descriptors
    bool from_hello = false; // counts towards hello_end
    bool notified = false;   // was told of output beyond seen; the next watch takes this back
    bool forgotten = false;  // acknowledged: only kept until nothing of it is left

    // Emptying.
    base::Time empty_since{};
    base::Duration empty_delay{};
    Sweep sweep;
    bool outlived = false;        // its tree is emptied because somebody in it outlived it
    std::vector<pid_t> leftovers; // who that was
    bool sweep_again = false;     // asked for while another sweep ran
    std::vector<pid_t> unread;
    std::vector<base::UniqueFd> survivors; // pidfds, watched

    [[nodiscard]] protocol::ChildId id() const { return state.id; }
    [[nodiscard]] bool ended() const
    {
        return state.phase == protocol::Phase::exited || state.phase == protocol::Phase::failed;
    }
    [[nodiscard]] bool has(protocol::ChildFlag flag) const { return (state.flags & flag) != 0; }
    void set(protocol::ChildFlag flag) { state.flags |= flag; }
    void clear(protocol::ChildFlag flag) { state.flags &= ~static_cast<std::uint32_t>(flag); }
};

} // namespace processd::keeper
