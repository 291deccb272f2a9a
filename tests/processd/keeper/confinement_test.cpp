// SPDX-License-Identifier: GPL-3.0-or-later
// What a child may do and what it sees: capabilities, privileges, mounts of its own.
#include "tests/processd/keeper/keeper_under_test.h"

#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace keeper_test;
using protocol::Attribute;
using protocol::Phase;
using protocol::Stage;
using protocol::Stream;

namespace {

constexpr std::uint64_t bit_of(unsigned capability) { return std::uint64_t{1} << capability; }

std::string output_of(ManagerSide& manager, const protocol::SpawnSpec& spec)
{
    auto& child = manager.run(spec);
    INFO("phase " << static_cast<int>(child.state.phase) << " stage " << static_cast<int>(child.state.stage)
                  << " errno " << child.state.stage_errno << " attribute " << child.state.attribute);
    REQUIRE(child.state.phase == Phase::exited);
    INFO("stderr: " << child.ring->text(Stream::err));
    CHECK(child.state.wait_status == 0);
    return child.ring->text(Stream::out);
}

struct Sets {
    std::uint64_t inheritable, permitted, effective, bounding, ambient;
    friend bool operator==(const Sets&, const Sets&) = default;
    friend std::ostream& operator<<(std::ostream& to, const Sets& s)
    {
        return to << std::hex << "inh " << s.inheritable << " prm " << s.permitted << " eff " << s.effective << " bnd "
                  << s.bounding << " amb " << s.ambient << std::dec;
    }
};

Sets sets_in(const std::string& status)
{
    const auto of = [&](const char* name) {
        const auto at = status.find(std::string(name) + ":\t");
        REQUIRE(at != std::string::npos);
        return std::stoull(status.substr(at + 8), nullptr, 16);
    };
    return {of("CapInh"), of("CapPrm"), of("CapEff"), of("CapBnd"), of("CapAmb")};
}

Sets sets_of(ManagerSide& manager, protocol::SpawnSpec spec)
{
    spec.argv = {"/bin/cat", "/proc/self/status"};
    return sets_in(output_of(manager, spec));
}

void check_fails(ManagerSide& manager, const protocol::SpawnSpec& spec, Stage stage, int error, Attribute attribute,
                 std::uint32_t which)
{
    auto& child = manager.run(spec);
    CHECK(child.state.phase == Phase::failed);
    CHECK(child.state.stage == stage);
    CHECK(child.state.stage_errno == error);
    CHECK(child.state.attribute == (static_cast<std::uint32_t>(attribute) | which << protocol::attribute_bits));
    manager.ack(child);
}

bool is_root() { return ::geteuid() == 0; }

const Sets& own_sets()
{
    static const Sets sets = sets_in(read_file("/proc/self/status"));
    return sets;
}

} // namespace

TEST_CASE("without capabilities asked for root keeps its own and others have none", "[keeper][capabilities]")
{
    if (!is_root()) return;
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    const auto all = own_sets().bounding;
    auto spec = command({"x"});
    CHECK(sets_of(*manager, spec) == Sets{0, all, all, all, 0});
    spec.uid = spec.gid = 65534;
    CHECK(sets_of(*manager, spec) == Sets{0, 0, 0, all, 0});
}

TEST_CASE("a process has the capabilities it was given, and can never have more", "[keeper][capabilities]")
{
    if (!is_root()) return;
    // What a keeper could hand on by inheritance does not go round the bounds.
    Start start;
    start.wrapper = {"setpriv", "--inh-caps", "+sys_admin,+kill"};
    KeeperUnderTest keeper{start};
    const auto manager = keeper.manager();
    const auto given = bit_of(CAP_NET_BIND_SERVICE) | bit_of(CAP_KILL);
    auto spec = command({"x"});
    spec.capability_bounds = spec.capabilities = given;
    CHECK(sets_of(*manager, spec) == Sets{0, given, given, given, 0});
    spec.uid = spec.gid = 65534;
    CHECK(sets_of(*manager, spec) == Sets{given, given, given, given, given});
    spec.capability_bounds = given | bit_of(CAP_CHOWN);
    CHECK(sets_of(*manager, spec) == Sets{given, given, given, given | bit_of(CAP_CHOWN), given});
    // None at all, of either.
    spec.capability_bounds = spec.capabilities = 0;
    CHECK(sets_of(*manager, spec) == Sets{0, 0, 0, 0, 0});
    spec.uid = spec.gid = 0;
    CHECK(sets_of(*manager, spec) == Sets{0, 0, 0, 0, 0});
}

TEST_CASE("a set-user-ID program gains what the bounds allow, and nothing without new privileges",
          "[keeper][capabilities]")
{
    if (!is_root()) return;
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    const auto program = keeper.directory() + "/setuid-cat";
    write_file(program, read_file("/bin/cat"), 0755);
    REQUIRE(::chmod(keeper.directory().c_str(), 0755) == 0);
    REQUIRE(::chmod(program.c_str(), 04755) == 0);
    auto spec = command({program, "/proc/self/status"});
    spec.uid = spec.gid = 65534;
    spec.capability_bounds = bit_of(CAP_KILL);
    auto status = output_of(*manager, spec);
    CHECK(status.find("\nUid:\t65534\t0\t0\t0\n") != std::string::npos);
    CHECK(sets_in(status).effective == bit_of(CAP_KILL));
    spec.no_new_privs = true;
    status = output_of(*manager, spec);
    CHECK(status.find("\nUid:\t65534\t65534\t65534\t65534\n") != std::string::npos);
    CHECK(status.find("\nNoNewPrivs:\t1\n") != std::string::npos);
    CHECK(sets_in(status).effective == 0);
    // What is given is had all the same.
    spec.argv[0] = "/bin/cat";
    spec.capabilities = bit_of(CAP_KILL);
    CHECK(sets_in(output_of(*manager, spec)).effective == bit_of(CAP_KILL));
}

TEST_CASE("a capability that the keeper lacks fails the start and is named, or is done without",
          "[keeper][capabilities]")
{
    if (!is_root()) return;
    Start start;
    start.wrapper = {"setpriv", "--bounding-set", "-sys_time", "--inh-caps", "-sys_time"};
    KeeperUnderTest keeper{start};
    const auto manager = keeper.manager();
    const auto asked = bit_of(CAP_SYS_TIME) | bit_of(CAP_KILL);
    for (const std::uint32_t uid : {0U, 65534U}) {
        INFO("uid " << uid);
        auto spec = command({"/bin/true"});
        spec.uid = spec.gid = uid;
        spec.capability_bounds = spec.capabilities = asked;
        spec.as_permitted = 0;
        check_fails(*manager, spec, Stage::capabilities, EPERM, Attribute::capabilities, CAP_SYS_TIME);
        spec.as_permitted = bit(Attribute::capabilities);
        CHECK(sets_of(*manager, spec).effective == bit_of(CAP_KILL));
        CHECK(manager->run(spec).state.reduced == bit(Attribute::capabilities));
    }
}

TEST_CASE("bounds that the keeper may not set fail the start", "[keeper][capabilities]")
{
    if (!is_root()) return;
    Start start;
    start.wrapper = {"setpriv", "--bounding-set", "-setpcap", "--inh-caps", "-setpcap"};
    KeeperUnderTest keeper{start};
    const auto manager = keeper.manager();
    auto spec = command({"/bin/true"});
    spec.capability_bounds = ~bit_of(CAP_CHOWN);
    check_fails(*manager, spec, Stage::bounds, EPERM, Attribute::capabilities, CAP_CHOWN);
    // There is nothing to take away of what nobody has.
    spec.capability_bounds = ~bit_of(CAP_SETPCAP);
    CHECK(manager->run(spec).state.wait_status == 0);
}

TEST_CASE("a child finds sources at targets, in a mount namespace of its own", "[keeper][mounts]")
{
    if (!is_root()) return;
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    const auto at = [&](const std::string& name) { return keeper.directory() + "/" + name; };
    write_file(at("theirs"), "theirs\n");
    write_file(at("ours"), "ours\n");
    REQUIRE(::mkdir(at("dir").c_str(), 0755) == 0);
    REQUIRE(::mkdir(at("other").c_str(), 0755) == 0);
    write_file(at("other/file"), "in a directory\n");
    REQUIRE(::symlink(at("theirs").c_str(), at("link").c_str()) == 0);

    auto spec = shell("cat " + at("theirs") + " " + at("dir/file") + "; readlink /proc/self/ns/mnt");
    spec.binds = {{at("ours"), at("link"), true}, {at("other"), at("dir"), false}}; // a link is followed
    const auto output = output_of(*manager, spec);
    CHECK(output.starts_with("ours\nin a directory\nmnt:"));
    CHECK(output.find(output_of(*manager, shell("readlink /proc/self/ns/mnt"))) == std::string::npos);
    CHECK(output_of(*manager, shell("cat " + at("theirs"))) == "theirs\n"); // nobody else sees it

    // Read-only is the mount, not the file; elsewhere it is as before.
    spec = shell("! (echo x >" + at("theirs") + ") 2>/dev/null && echo y >" + at("dir/file") + "; cat " + at("ours"));
    spec.binds = {{at("ours"), at("theirs"), true}, {at("other"), at("dir"), false}};
    CHECK(output_of(*manager, spec) == "ours\n");
    CHECK(read_file(at("other/file")) == "y\n");

    // Anew at each start: a file that a package upgrade has replaced is covered again.
    REQUIRE(::rename(at("theirs").c_str(), at("old").c_str()) == 0);
    write_file(at("theirs"), "upgraded\n");
    spec = shell("cat " + at("theirs"));
    spec.binds = {{at("ours"), at("theirs"), false}};
    spec.uid = spec.gid = 65534;
    REQUIRE(::chmod(keeper.directory().c_str(), 0755) == 0);
    CHECK(output_of(*manager, spec) == "ours\n");

    // The flags of what is mounted there stay.
    spec = shell("grep " + at("dir") + " /proc/self/mountinfo | cut -d' ' -f6");
    REQUIRE(std::system(("mount -t tmpfs -o nosuid,nodev,noexec tmpfs " + at("other")).c_str()) == 0);
    spec.binds = {{at("other"), at("dir"), true}};
    CHECK(output_of(*manager, spec).starts_with("ro,nosuid,nodev,noexec"));
    REQUIRE(std::system(("umount " + at("other")).c_str()) == 0);
}

TEST_CASE("a mount whose source or target is missing fails the start and tells which", "[keeper][mounts]")
{
    if (!is_root()) return;
    KeeperUnderTest keeper;
    const auto manager = keeper.manager();
    const auto at = [&](const std::string& name) { return keeper.directory() + "/" + name; };
    write_file(at("file"), "");
    REQUIRE(::mkdir(at("dir").c_str(), 0755) == 0);
    auto spec = command({"/bin/true"});
    spec.binds = {{at("file"), at("file"), false}, {at("missing"), at("file"), false}};
    check_fails(*manager, spec, Stage::mounts, ENOENT, Attribute::bind_source, 1);
    spec.binds = {{at("file"), at("missing"), true}};
    check_fails(*manager, spec, Stage::mounts, ENOENT, Attribute::bind_target, 0);
    spec.binds = {{at("file"), at("dir"), false}};
    check_fails(*manager, spec, Stage::mounts, ENOTDIR, Attribute::bind_target, 0);
    CHECK(manager->run(command({"/bin/true"})).state.wait_status == 0);
}

TEST_CASE("what is mounted outside later is seen inside, and not the other way round", "[keeper][mounts]")
{
    if (!is_root()) return;
    // In a namespace whose mounts are shared, as an init makes them.
    Start start;
    start.wrapper = {"unshare", "-m", "--propagation", "shared"};
    KeeperUnderTest keeper{start};
    const auto manager = keeper.manager();
    const auto at = [&](const std::string& name) { return keeper.directory() + "/" + name; };
    write_file(at("file"), "");
    for (const char* name : {"outside", "inside"}) REQUIRE(::mkdir(at(name).c_str(), 0755) == 0);
    auto spec = shell("mount -t tmpfs tmpfs " + at("inside") + " && touch " + at("inside/x") + " && echo mounted; " +
                      "until [ -e " + at("outside/x") + " ]; do sleep 0.05; done; echo seen");
    spec.binds = {{at("file"), at("file"), false}};
    auto& child = manager->spawn(spec);
    REQUIRE(eventually([&] { return child.ring->text(Stream::out) == "mounted\n"; }));
    CHECK(output_of(*manager, shell("mount -t tmpfs tmpfs " + at("outside") + " && touch " + at("outside/x") + "; ls " +
                                    at("inside"))) == "");
    manager->wait_ended(child);
    CHECK(child.ring->text(Stream::out) == "mounted\nseen\n");
}
