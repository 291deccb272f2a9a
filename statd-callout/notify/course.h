// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/notify/course.h: the course of one client's notification, as decisions without effects.
// First rpcbind is asked for statd's port, then statd is told under each name that the client may know the server by. A
// client is reached when it has answered for every name. An answer only means that statd has the message.
#pragma once

#include "helpers/base/time.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace callout {

enum class Question { port_v2, address_v4, address_v3, notify };

struct Course {
    bool v6 = false;
    std::size_t names = 1; // how many mon_names are to be told
    Question question = Question::port_v2;
    std::uint16_t port = 0; // statd's, once it is known
    std::size_t told = 0;   // names that were answered for
    unsigned tries = 0;     // of the question
    base::Time next{};      // when to send (again)

    [[nodiscard]] bool reached() const noexcept { return told == names; }
};

Course begin(bool v6, std::size_t names, base::Time now);

// After the question was sent at `now`: repeated after 1 s, 2 s, 4 s, … 32 s at most.
void on_sent(Course& course, base::Time now);
// After a reply to the question; result is the whole datagram.
void on_reply(Course& course, std::string_view datagram, base::Time now);

} // namespace callout
