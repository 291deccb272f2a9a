// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/lock/stampede.h: helpers of one database that wait for too long find each other, so that hundreds of them are
// one report. Who first takes a name in the abstract socket namespace (it goes with its process) leads; the others
// connect to it and say since when they wait. A connection is a helper that waits, so counting them is all the leader
// does, and a follower costs nothing until its wait ends. When a leader dies the others try again after a while, by
// when most of a stampede that has begun to move is over.
#pragma once

#include "helpers/base/time.h"
#include "helpers/base/unique_fd.h"

#include <cstdint>
#include <optional>
#include <poll.h>
#include <string>
#include <vector>

namespace lock {

// What the leader knows, as a value: since when the longest waits, how many there are, when to speak next.
struct Course {
    base::Time since{};
    unsigned helpers = 0, peak = 0;
    base::Time speak_at{};

    friend bool operator==(const Course&, const Course&) = default;
};
Course begun(base::Time since, base::Duration threshold, base::Time now);
Course joined(Course course, std::optional<base::Time> since); // unknown until it has said so
Course left(Course course);
Course spoken(Course course, base::Time now); // next when the time waited has doubled

class Meeting {
public:
    // A name for the database that is the same for all its helpers.
    Meeting(std::uint64_t device, std::uint64_t inode);

    enum class Role { none, leader, follower, alone }; // alone: the name is taken by somebody else's process
    // Leads or follows; none if that did not work just now, to be tried again after retry_after().
    Role join(base::Time since);
    [[nodiscard]] Role role() const { return role_; }
    [[nodiscard]] static base::Duration retry_after();

    // For poll(2), and what came of it. Changes course as the leader; a follower whose leader went becomes none.
    void add_to(std::vector<pollfd>& fds) const;
    void handle(const std::vector<pollfd>& fds, Course& course);

private:
    void accept_all(Course& course);

    struct Peer {
        base::UniqueFd fd;
        bool told = false; // since when it waits
    };
    std::string name_;
    Role role_ = Role::none;
    base::UniqueFd socket_;   // listens as the leader, is the connection of a follower
    std::vector<Peer> peers_; // of the leader
    bool full_ = false;       // no descriptor left for another peer, until one leaves
};

} // namespace lock
