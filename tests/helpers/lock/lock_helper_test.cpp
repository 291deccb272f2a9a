// SPDX-License-Identifier: GPL-3.0-or-later
// The built ctdb_lock_helper against real tdb files, with fcntl locks and with mutexes, and other processes in its way.
#include "tests/helpers/lock/helper_process.h"

#include <catch2/catch.hpp>
#include <sched.h>
#include <sstream>

using namespace test;

namespace {

const std::string key_a = "61", key_b = "62";

// A database as ctdbd has it open: with its flags, and for as long as the test.
struct World {
    Directory directory;
    bool mutexes;
    int flags;
    std::string path, flags_text;
    Tdb tdb;

    explicit World(bool with_mutexes)
        : mutexes(with_mutexes),
          flags(with_mutexes ? 0x1c41 : 0xc41),
          path(directory.path / "locking.tdb.0"),
          flags_text(with_mutexes ? "0x1c41" : "0xc41"),
          tdb(open_tdb(path, flags))
    {
        REQUIRE(tdb);
    }
    [[nodiscard]] std::vector<std::string> record(const std::string& key) const
    {
        return {"RECORD", path, flags_text, key};
    }
    [[nodiscard]] std::vector<std::string> whole() const { return {"DB", path, flags_text}; }

    [[nodiscard]] bool record_is_free(const std::string& key) const
    {
        if (tdb_chainlock_nonblock(tdb.get(), tdb_data(key)) != 0) return false;
        tdb_chainunlock(tdb.get(), tdb_data(key));
        return true;
    }
};

// Another process, such as smbd, that holds a lock until it is killed.
class Holder {
public:
    Holder(World& world, std::optional<std::string> key)
        : child_([&] {
              tdb_reopen(world.tdb.get());
              const auto locked = key ? tdb_chainlock(world.tdb.get(), tdb_data(*key)) : tdb_lockall(world.tdb.get());
              if (locked != 0 || ::write(pipe_.write.get(), "", 1) != 1) ::_exit(1);
              while (true) ::pause();
          })
    {
        REQUIRE(pipe_.byte() == 0);
    }
    [[nodiscard]] pid_t pid() const { return child_.pid(); }
    void let_go() { child_.kill(); }
    void stop() const { child_.signal(SIGSTOP); }

private:
    Pipe pipe_;
    Child child_;
};

Child sleeper()
{
    return Child([] {
        while (true) ::pause();
    });
}

void ends(Helper& helper, int code)
{
    const int status = helper.process().wait();
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == code);
}

// It ends although nobody takes its lock away from whom holds it.
void ends_soon(Helper& helper)
{
    int status = 0;
    REQUIRE(eventually([&] { return helper.process().ended(status); }));
    CHECK(status == 0);
}

bool stays_silent(Helper& helper) { return !helper.byte(0).has_value(); }

struct Environment {
    std::string name;
    Environment(const char* variable, const char* value) : name(variable) { ::setenv(variable, value, 1); }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;
    ~Environment() { ::unsetenv(name.c_str()); }
};

} // namespace

TEST_CASE("a record's lock is held from the byte until SIGTERM", "[lock][helper]")
{
    World world(GENERATE(false, true));
    Helper helper(::getpid(), world.record(key_a));
    CHECK(helper.byte() == 0);
    CHECK_FALSE(world.record_is_free("a"));
    CHECK(world.record_is_free("b"));
    CHECK(stays_silent(helper));
    helper.process().signal(SIGTERM);
    ends(helper, 0);
    CHECK(helper.byte() == -1);
    CHECK(world.record_is_free("a"));
    CHECK(helper.errors().empty());
}

TEST_CASE("a database's lock is on all records from the byte until SIGTERM", "[lock][helper]")
{
    World world(GENERATE(false, true));
    Helper helper(::getpid(), world.whole());
    CHECK(helper.byte() == 0);
    CHECK_FALSE(world.record_is_free("a"));
    CHECK_FALSE(world.record_is_free("b"));
    CHECK(stays_silent(helper));
    helper.process().signal(SIGTERM);
    ends(helper, 0);
    CHECK(world.record_is_free("a"));
    CHECK(helper.errors().empty());
}

TEST_CASE("the empty key is a record, too", "[lock][helper]")
{
    World world(GENERATE(false, true));
    Helper helper(::getpid(), world.record("NULL"));
    CHECK(helper.byte() == 0);
    CHECK_FALSE(world.record_is_free(""));
}

TEST_CASE("a lock that another process holds is waited for, without a byte", "[lock][helper]")
{
    World world(GENERATE(false, true));
    const bool whole = GENERATE(false, true);
    const bool against_whole = GENERATE(false, true);
    Holder holder(world, against_whole ? std::nullopt : std::optional<std::string>("a"));
    Helper helper(::getpid(), whole ? world.whole() : world.record(key_a));
    REQUIRE(helper.blocks());
    CHECK(stays_silent(helper));
    holder.let_go();
    CHECK(helper.byte() == 0);
    CHECK_FALSE(world.record_is_free("a"));
    helper.process().signal(SIGTERM);
    ends(helper, 0);
    CHECK(world.record_is_free("a"));
}

TEST_CASE("SIGTERM ends a helper that is still blocked, without a byte", "[lock][helper]")
{
    World world(GENERATE(false, true));
    const bool whole = GENERATE(false, true);
    std::optional<Holder> holder(std::in_place, world, "a");
    Helper helper(::getpid(), whole ? world.whole() : world.record(key_a));
    REQUIRE(helper.blocks());
    helper.process().signal(SIGTERM);
    ends_soon(helper);
    CHECK(helper.byte() == -1);
    CHECK(helper.errors().empty());
    // What it may have had on its way to the whole lock does not stay.
    CHECK(world.record_is_free("b"));
    holder.reset();
    CHECK(world.record_is_free("a"));
}

TEST_CASE("the end of ctdbd ends a helper that is still blocked", "[lock][helper]")
{
    World world(GENERATE(false, true));
    const bool reaped = GENERATE(false, true); // a zombie is gone, too
    Holder holder(world, "a");
    auto ctdbd = sleeper();
    Helper helper(ctdbd.pid(), world.record(key_a));
    REQUIRE(helper.blocks());
    ctdbd.signal(SIGKILL);
    if (reaped) ctdbd.wait();
    ends_soon(helper);
    CHECK(helper.byte() == -1);
}

TEST_CASE("the end of ctdbd frees what a helper holds", "[lock][helper]")
{
    World world(GENERATE(false, true));
    const bool reaped = GENERATE(false, true), contended = GENERATE(false, true);
    std::optional<Holder> holder;
    if (contended) holder.emplace(world, "a");
    auto ctdbd = sleeper();
    Helper helper(ctdbd.pid(), world.record(key_a));
    if (contended) {
        REQUIRE(helper.blocks());
        holder.reset();
    }
    REQUIRE(helper.byte() == 0);
    ctdbd.signal(SIGKILL);
    if (reaped) ctdbd.wait();
    ends_soon(helper);
    CHECK(world.record_is_free("a"));
}

TEST_CASE("the end of ctdbd ends a helper that can't even open the database", "[lock][helper]")
{
    World world(GENERATE(false, true));
    Pipe told;
    // Whoever opens a tdb locks its first byte for that time.
    Child opener([&] {
        const int fd = ::open(world.path.c_str(), O_RDWR);
        struct flock first {};
        first.l_type = F_WRLCK;
        first.l_len = 1;
        if (::fcntl(fd, F_SETLK, &first) != 0 || ::write(told.write.get(), "", 1) != 1) ::_exit(1);
        while (true) ::pause();
    });
    REQUIRE(told.byte() == 0);
    Pipe result;
    Child ctdbd([&] { // it starts the helper itself
        ::fcntl(result.write.get(), F_SETFD, 0);
        const auto pid = std::to_string(::getpid()), fd = std::to_string(result.write.get());
        if (::fork() == 0)
            ::execl(LOCK_HELPER, LOCK_HELPER, pid.c_str(), fd.c_str(), "DB", world.path.c_str(),
                    world.flags_text.c_str(), nullptr);
        while (true) ::pause();
    });
    result.write.reset();
    CHECK_FALSE(result.byte(200).has_value()); // would fail only too seldom, not too often
    ctdbd.kill();
    CHECK(result.byte() == -1); // the helper had the last end of the pipe
}

TEST_CASE("a ctdbd that is gone already gets no lock", "[lock][helper]")
{
    World world(false);
    auto ctdbd = sleeper();
    const auto pid = ctdbd.pid();
    ctdbd.kill();
    Helper helper(pid, world.record(key_a));
    CHECK(helper.byte() == -1);
    ends(helper, 0);
}

TEST_CASE("what ctdbd's signals were does not matter", "[lock][helper]")
{
    World world(GENERATE(false, true));
    const auto spoil = [] {
        for (const int number : {SIGTERM, SIGPIPE, SIGUSR1, SIGALRM}) ::signal(number, SIG_IGN);
        sigset_t all;
        ::sigfillset(&all);
        ::sigprocmask(SIG_SETMASK, &all, nullptr);
    };
    std::optional<Holder> holder(std::in_place, world, "a");
    Helper blocked(::getpid(), world.record(key_a), spoil), next(::getpid(), world.record(key_a), spoil);
    REQUIRE(blocked.blocks());
    REQUIRE(next.blocks());
    blocked.process().signal(SIGTERM);
    ends_soon(blocked);
    holder.reset();
    REQUIRE(next.byte() == 0);
    next.process().signal(SIGTERM);
    ends_soon(next);
}

TEST_CASE("a helper whose byte nobody can read lets go", "[lock][helper]")
{
    World world(GENERATE(false, true));
    std::optional<Holder> holder(std::in_place, world, "a");
    Helper helper(::getpid(), world.record(key_a));
    REQUIRE(helper.blocks());
    helper.close_pipe();
    holder.reset();
    ends_soon(helper);
    CHECK(world.record_is_free("a"));
}

TEST_CASE("a helper that is killed gives its lock to the next one", "[lock][helper]")
{
    World world(GENERATE(false, true));
    const bool whole = GENERATE(false, true);
    Helper helper(::getpid(), whole ? world.whole() : world.record(key_a)), next(::getpid(), world.record(key_a));
    std::vector<Helper*> holding{&helper, &next}; // whoever was first
    REQUIRE(eventually([&] { return !stays_silent(*holding[0]) || (std::swap(holding[0], holding[1]), false); }));
    REQUIRE(holding[1]->blocks());
    CHECK(stays_silent(*holding[1]));
    holding[0]->process().kill();
    CHECK(holding[1]->byte() == 0);
}

TEST_CASE("a descriptor that ctdbd happened to have open is not kept open", "[lock][helper]")
{
    World world(false);
    Pipe leak;
    Helper helper(::getpid(), world.record(key_a), [&] { ::fcntl(leak.write.get(), F_SETFD, 0); });
    REQUIRE(helper.byte() == 0);
    leak.write.reset();
    CHECK(leak.byte() == -1);
    CHECK(stays_silent(helper));
}

TEST_CASE("a database that can't be opened is byte 1 and exit code 1", "[lock][helper]")
{
    World world(false);
    const auto path = world.path + ".none";
    Helper helper(::getpid(), {GENERATE("RECORD", "DB"), path, "0xc41"});
    // RECORD lacks its key here.
    const auto errors = helper.errors();
    if (errors.find("Usage") != std::string::npos) {
        CHECK(errors.starts_with("locking: Invalid number of arguments (6)\n\nUsage: "));
        CHECK(helper.byte() == -1);
    } else {
        CHECK(errors == "locking: Error opening database " + path + "\n");
        CHECK(helper.byte() == 1);
    }
    ends(helper, 1);
}

TEST_CASE("the wait is real-time unless forbidden, and the rest is not", "[lock][helper]")
{
    const bool forbidden = GENERATE(false, true);
    World world(GENERATE(false, true));
    std::optional<Environment> no_scheduler;
    if (forbidden) no_scheduler.emplace("CTDB_NOSETSCHED", "1");
    bool permitted = true;
    {
        Child child([] {
            const sched_param one{1};
            ::_exit(::sched_setscheduler(0, SCHED_FIFO, &one) == 0 ? 0 : 1);
        });
        permitted = child.wait() == 0;
    }
    std::optional<Holder> holder(std::in_place, world, "a");
    Helper helper(::getpid(), world.record(key_a), [] {
        const sched_param two{2};
        ::sched_setscheduler(0, SCHED_RR, &two);
    });
    REQUIRE(helper.blocks());
    CHECK(::sched_getscheduler(helper.pid()) == (permitted && !forbidden ? SCHED_FIFO : SCHED_OTHER));
    if (!permitted && !forbidden) CHECK(helper.error_line() == "locking: Unable to set real-time scheduler priority");
    holder.reset();
    REQUIRE(helper.byte() == 0);
    CHECK(eventually([&] { return ::sched_getscheduler(helper.pid()) == SCHED_OTHER; }));
}

TEST_CASE("a long wait says who holds the lock, and when it is over", "[lock][helper]")
{
    World world(GENERATE(false, true));
    const bool whole = GENERATE(false, true);
    const Environment threshold("CTDB_LOCK_HELPER_REPORT_AFTER", "200ms");
    std::optional<Holder> holder(std::in_place, world, "a");
    holder->stop();
    Helper helper(::getpid(), whole ? world.whole() : world.record(key_a));
    const auto line = helper.error_line();
    CAPTURE(line, whole, world.mutexes);
    CHECK(line.starts_with("locking: warning: waiting for locks db=" + world.path +
                           (whole ? " lock=DB " : " lock=\"RECORD 61\" ")));
    CHECK(line.find(" helpers=1 ") != std::string::npos);
    CHECK(line.find(std::to_string(holder->pid()) + " ") != std::string::npos);
    CHECK(line.find("(T)") != std::string::npos);
    holder.reset();
    CHECK(helper.byte() == 0);
    auto over = helper.error_line();
    while (over.find("waiting for locks") != std::string::npos) over = helper.error_line();
    INFO(over);
    CHECK(over.starts_with("locking: info: the wait for locks is over db=" + world.path + " waited_ms="));
    CHECK(over.find(" peak=1") != std::string::npos);
    CHECK(stays_silent(helper));
    helper.process().signal(SIGTERM);
    ends(helper, 0);
}

TEST_CASE("many that wait are one report, and its end is told when all have their locks", "[lock][helper]")
{
    World world(GENERATE(false, true));
    const Environment threshold("CTDB_LOCK_HELPER_REPORT_AFTER", "100ms");
    constexpr std::size_t count = 40;
    std::optional<Holder> holder(std::in_place, world, std::nullopt);
    std::vector<std::unique_ptr<Helper>> helpers;
    for (std::size_t i = 0; i < count; ++i)
        helpers.push_back(std::make_unique<Helper>(::getpid(), world.record(key_a)));
    std::string last;
    Helper* leader = nullptr;
    // Whoever is first past the threshold reports, until it has seen all of them.
    REQUIRE(eventually([&] {
        for (auto& helper : helpers)
            if (helper->has_error()) {
                leader = helper.get();
                last = helper->error_line();
            }
        return last.find(" helpers=" + std::to_string(count) + " ") != std::string::npos;
    }));
    INFO(last);
    holder.reset();
    std::size_t done = 0;
    for (std::size_t held = 0; held < count; ++held) { // one after the other, as all want the same record
        REQUIRE(eventually([&] {
            for (auto& helper : helpers)
                if (helper && helper.get() != leader && helper->byte(0) == 0) {
                    helper->process().signal(SIGTERM);
                    ends(*helper, 0);
                    CHECK(helper->errors().empty());
                    helper.reset();
                    return true;
                }
            if (leader->byte(0) == 0) {
                leader->process().signal(SIGTERM);
                return true;
            }
            return false;
        }));
        ++done;
    }
    CHECK(done == count);
    const auto rest = leader->errors();
    INFO(rest);
    CHECK(rest.find("the wait for locks is over") != std::string::npos);
    CHECK(rest.find(" peak=" + std::to_string(count)) != std::string::npos);
    ends(*leader, 0);
}
