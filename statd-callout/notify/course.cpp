// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/notify/course.h"

#include "statd-callout/notify/rpc.h"

#include <algorithm>

namespace callout {
namespace {

using std::chrono::seconds;

// rpcbind is there, statd is not: it may be starting, as after the client's own reboot.
constexpr seconds unregistered_pause{5};

void ask(Course& course, Question question, base::Time now)
{
    course.question = question;
    course.tries = 0;
    course.next = now;
}

void on_port(Course& course, std::optional<std::uint16_t> port, base::Time now)
{
    if (!port) return; // as good as no reply
    if (*port == 0) {
        course.next = now + unregistered_pause;
        return;
    }
    course.port = *port;
    ask(course, Question::notify, now);
}

} // namespace

Course begin(bool v6, std::size_t names, base::Time now)
{
    Course course;
    course.v6 = v6;
    course.names = names;
    course.question = v6 ? Question::address_v4 : Question::port_v2;
    course.next = now;
    return course;
}

void on_sent(Course& course, base::Time now)
{
    course.next = now + seconds{1U << std::min(course.tries, 5U)};
    ++course.tries;
    // statd may have been restarted on another port.
    if (course.question == Question::notify && course.tries > 3)
        ask(course, course.v6 ? Question::address_v4 : Question::port_v2, course.next);
}

void on_reply(Course& course, std::string_view datagram, base::Time now)
{
    const auto reply = parse_reply(datagram);
    if (!reply) return;
    const bool good = reply->kind == Reply::success;
    switch (course.question) {
    case Question::port_v2:
        if (good)
            on_port(course, parse_port(reply->result), now);
        else if (reply->kind == Reply::other_version)
            ask(course, Question::address_v4, now);
        return;
    case Question::address_v4:
        if (good)
            on_port(course, parse_universal_address(reply->result), now);
        else if (reply->kind == Reply::other_version)
            ask(course, Question::address_v3, now);
        return;
    case Question::address_v3:
        if (good) on_port(course, parse_universal_address(reply->result), now);
        return;
    case Question::notify:
        if (!good) return;
        ++course.told;
        if (!course.reached()) ask(course, Question::notify, now);
        return;
    }
}

} // namespace callout
