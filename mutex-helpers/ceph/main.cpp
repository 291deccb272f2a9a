// SPDX-License-Identifier: GPL-3.0-or-later
// ctdb_mutex_ceph_rados_helper CLUSTER USER POOL OBJECT [DURATION] [-n NAMESPACE] [-R]: an exclusive lock on a RADOS
// object. Drop-in for CTDB's helper of this name, and exclusive with it: the lock's name and cookie are the same, the
// owner is the client instance and so this process (docs/man/ctdb_mutex_ceph_rados_helper.8).
#include "mutex-helpers/ceph/options.h"
#include "mutex-helpers/core/helper.h"
#include "mutex-helpers/core/process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <rados/librados.h>
#include <utility>

namespace {

using namespace mutex;
using namespace std::chrono_literals;

constexpr const char* lock_name = "ctdb_reclock_mutex"; // and cookie

std::string reason(int negative_errno) { return std::string(" - (") + std::strerror(-negative_errno) + ")"; }

class RadosLock : public Backend {
public:
    explicit RadosLock(ceph::Options options) : options_(std::move(options)) {}

    Answer take(Call&) override
    {
        if (auto why = connect(); !why.empty()) return Failed{std::move(why)};
        const auto sent = base::now();
        const int ret = lock(0);
        if (ret == -EEXIST || ret == -EBUSY) return Contended{};
        if (ret < 0) return Failed{"Failed to get lock on RADOS object '" + options_.object + "'" + reason(ret)};
        held_ = true;
        if (options_.duration == 0s) return Took{};
        valid_until_ = sent + ceph::safe_part(options_.duration);
        return Took{valid_until_};
    }

    std::string hold(Call& call) override
    {
        register_service();
        const auto period = base::Duration(options_.duration) / 2;
        if (period == 0s) {
            while (call.wait_until(base::Time::max())) {}
            return {};
        }
        auto next = base::now() + period;
        bool complained = false;
        while (call.wait_until(next)) {
            const auto sent = base::now();
            // Must: what has ended is lost, even if nobody else has taken it yet.
            const int ret = lock(LIBRADOS_LOCK_FLAG_MUST_RENEW);
            if (ret == -ETIMEDOUT) { // tried again, until the main thread finds the lock at its end
                if (!std::exchange(complained, true)) say("cannot renew" + reason(ret));
                next = base::now() + period / 20;
                continue;
            }
            if (ret < 0) return "Lock renew failed" + reason(ret);
            complained = false;
            call.renewed(sent + ceph::safe_part(options_.duration));
            next = sent + period;
        }
        return {};
    }

    void let_go() override
    {
        if (!held_) return;
        const int ret = ::rados_unlock(io_, options_.object.c_str(), lock_name, lock_name);
        if (ret < 0 && ret != -ENOENT)
            say("Failed to drop lock on RADOS object '" + options_.object + "'" + reason(ret));
        held_ = false;
    }

private:
    std::string connect()
    {
        const auto& cluster = options_.cluster;
        const auto& user = options_.user;
        int ret = ::rados_create2(&cluster_, cluster.c_str(), user.c_str(), 0);
        if (ret < 0) return "failed to initialise Ceph cluster " + cluster + " as " + user + reason(ret);
        ret = ::rados_conf_read_file(cluster_, nullptr);
        if (ret < 0) return "failed to parse Ceph cluster config" + reason(ret);
        // Without it a request waits for as long as a storage daemon is away.
        const auto limit = std::to_string(std::max<std::int64_t>(options_.duration.count() / 4, 1));
        if (options_.duration > 0s) ::rados_conf_set(cluster_, "rados_osd_op_timeout", limit.c_str());
        ret = ::rados_connect(cluster_);
        if (ret < 0) return "failed to connect to Ceph cluster " + cluster + " as " + user + reason(ret);
        ret = ::rados_ioctx_create(cluster_, options_.pool.c_str(), &io_);
        if (ret < 0) return "failed to create Ceph ioctx for pool " + options_.pool + reason(ret);
        if (!options_.name_space.empty()) ::rados_ioctx_set_namespace(io_, options_.name_space.c_str());
        return {};
    }

    int lock(std::uint8_t flags)
    {
        timeval duration{options_.duration.count(), 0};
        return ::rados_lock_exclusive(io_, options_.object.c_str(), lock_name, lock_name, "CTDB cluster lock",
                                      options_.duration == 0s ? nullptr : &duration, flags);
    }

    // Shown by `ceph status`. Nothing depends on it, and it needs a manager and a right that not every user has.
    void register_service()
    {
        if (!options_.register_service) return;
        std::array<char, 64> id{};
        std::snprintf(id.data(), id.size(), "ctdb_mutex_ceph_rados_helper:0x%016llx",
                      static_cast<unsigned long long>(::rados_get_instance_id(cluster_)));
        ::rados_service_register(cluster_, "ctdb", id.data(), "");
    }

    ceph::Options options_;
    rados_t cluster_ = nullptr;
    rados_ioctx_t io_ = nullptr;
    base::Time valid_until_;
    bool held_ = false;
};

} // namespace

int main(int argc, char** argv)
{
    clean_process(argv[0]);
    if (argc > 0) name_program(argv[0]); // as CTDB's does
    auto options = ceph::parse_options({argv + std::min(argc, 1), argv + argc});
    if (!options) {
        say_plain(
            "Usage: " + program_name() +
            " <Ceph Cluster> <Ceph user> <RADOS pool> <RADOS object> [lock duration secs] [-n RADOS namespace] [-R]");
        return 1;
    }
    Traits traits;
    traits.ends_on_sigterm = false;
    traits.needs_parent = true;
    traits.rules.exit_when_lost = 1;
    traits.rules.too_late = "Ceph cluster " + options->cluster + " does not answer";
    traits.rules.cannot_let =
        "cannot let go of RADOS object '" + options->object + "', it stays locked until its lock ends";
    auto* backend = new RadosLock(std::move(*options)); // as long as the process
    run(*backend, std::move(traits));
}
