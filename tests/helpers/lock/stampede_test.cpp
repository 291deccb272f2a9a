// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/lock/stampede.h"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

using namespace lock;
using namespace std::chrono_literals;

namespace {

const base::Time t0 = base::time_from_ns(1'000'000'000'000);

// The names are the whole machine's, and another build's tests may be running.
std::uint64_t database() { return static_cast<std::uint64_t>(::getpid()) << 8U; }

// Lets a meeting see what there is to see.
void turn(Meeting& meeting, Course& course)
{
    std::vector<pollfd> fds;
    meeting.add_to(fds);
    ::poll(fds.data(), fds.size(), 0);
    meeting.handle(fds, course);
}

} // namespace

TEST_CASE("a course begins with one, and speaks at the threshold", "[lock][stampede]")
{
    CHECK(begun(t0, 5s, t0 + 5s) == Course{t0, 1, 1, t0 + 5s});
    CHECK(begun(t0, 5s, t0 + 9s) == Course{t0, 1, 1, t0 + 9s}); // a successor is late
}

TEST_CASE("a course counts who comes and goes, and keeps the peak and the longest wait", "[lock][stampede]")
{
    auto course = begun(t0, 5s, t0 + 5s);
    course = joined(course, std::nullopt);
    course = joined(course, t0 - 3s);
    course = joined(course, std::nullopt);
    course = joined(course, t0 + 1s);
    course = left(left(course));
    CHECK(course == Course{t0 - 3s, 1, 3, t0 + 5s});
    CHECK(left(left(course)).helpers == 0);
}

TEST_CASE("a course speaks again when the wait has doubled", "[lock][stampede]")
{
    const auto course = spoken(begun(t0, 5s, t0 + 5s), t0 + 5s);
    CHECK(course.speak_at == t0 + 10s);
    CHECK(spoken(course, t0 + 10s).speak_at == t0 + 20s);
    CHECK(spoken(begun(t0, 0s, t0), t0).speak_at == t0 + 1s); // not without end
}

TEST_CASE("the first leads, the others follow and are counted until they go", "[lock][stampede]")
{
    Meeting first(1, database()), other(1, database() + 1);
    std::optional<Meeting> second(std::in_place, 1, database()), third(std::in_place, 1, database());
    REQUIRE(first.join(t0) == Meeting::Role::leader);
    REQUIRE(second->join(t0 - 2s) == Meeting::Role::follower);
    REQUIRE(third->join(t0 + 2s) == Meeting::Role::follower);
    REQUIRE(other.join(t0) == Meeting::Role::leader); // of another database
    auto course = begun(t0, 5s, t0);
    turn(first, course);
    CHECK(course.helpers == 3);
    turn(first, course);
    CHECK(course.since == t0 - 2s);
    second.reset();
    third.reset();
    turn(first, course);
    turn(first, course);
    CHECK(course.helpers == 1);
    CHECK(course.peak == 3);
}

TEST_CASE("when the leader goes another one can lead", "[lock][stampede]")
{
    std::optional<Meeting> first(std::in_place, 2, database());
    Meeting second(2, database());
    REQUIRE(first->join(t0) == Meeting::Role::leader);
    REQUIRE(second.join(t0) == Meeting::Role::follower);
    first.reset();
    Course course;
    turn(second, course);
    CHECK(second.role() == Meeting::Role::none);
    CHECK(second.join(t0) == Meeting::Role::leader);
}

TEST_CASE("a leader without descriptors waits until one is free, without spinning", "[lock][stampede]")
{
    Meeting first(3, database()), second(3, database());
    REQUIRE(first.join(t0) == Meeting::Role::leader);
    REQUIRE(second.join(t0) == Meeting::Role::follower);
    std::vector<base::UniqueFd> all;
    while (true) {
        base::UniqueFd fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
        if (!fd) break;
        all.push_back(std::move(fd));
    }
    auto course = begun(t0, 5s, t0);
    turn(first, course);
    CHECK(course.helpers == 1);
    std::vector<pollfd> fds;
    first.add_to(fds);
    CHECK(::poll(fds.data(), fds.size(), 0) == 0);
}
