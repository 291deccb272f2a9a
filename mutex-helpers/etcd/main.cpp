// SPDX-License-Identifier: GPL-3.0-or-later
// ctdb_mutex_etcd_helper [CONFIG [LOCK]]: a key in etcd that exists as long as its lease, and the lease as long as this
// process keeps it alive (docs/man/ctdb_mutex_etcd_helper.8). The owner is the lease, so it is this process and neither
// the node nor ctdbd: the second helper on the leader's node finds the mutex taken, as it must.
#include "helpers/base/unique_fd.h"
#include "mutex-helpers/core/helper.h"
#include "mutex-helpers/core/process.h"
#include "mutex-helpers/etcd/client.h"
#include "mutex-helpers/etcd/gateway.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>
#include <utility>

namespace {

using namespace mutex;
using namespace std::chrono_literals;
using etcd::Lease;

// For people who look into etcd; nothing depends on it.
std::string owner_text()
{
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    return nlohmann::json{{"host", host.data()}, {"pid", ::getpid()}}.dump(-1, ' ', true,
                                                                           nlohmann::json::error_handler_t::replace);
}

class EtcdLock : public Backend {
public:
    explicit EtcdLock(etcd::Config config) : config_(std::move(config)), client_(config_) {}

    Answer take(Call& call) override
    {
        // The main thread has the deadline of the answer; these are beyond it.
        const auto by = base::now() + 1min;
        const int give_up = call.unwanted_fd();
        const auto range = ask("/v3/kv/range", etcd::range_request(config_.lock), by, give_up, etcd::holder_in);
        if (!range) return failed(range.error());
        if (*range) return Contended{}; // the usual case costs no lease

        const auto sent = base::now();
        const auto grant =
            ask("/v3/lease/grant", etcd::grant_request(config_.ttl.count()), by, give_up, etcd::granted_in);
        if (!grant) return failed(grant.error());
        lease_ = grant->lease;
        ttl_ = std::chrono::seconds(std::min<std::int64_t>(grant->ttl_s, 86400));

        const auto body = etcd::take_request(config_.lock, owner_text(), lease_);
        const auto taken = ask("/v3/kv/txn", body, by, give_up, etcd::taken_in);
        if (!taken) {
            const auto answer = failed(taken.error()); // it may have come through
            if (call.wanted()) let_go();
            return answer;
        }
        if (!taken->ours && taken->holder != lease_) {
            let_go();
            return Contended{};
        }
        valid_until_ = sent + etcd::safe_part(ttl_);
        return Took{valid_until_};
    }

    std::string hold(Call& call) override
    {
        const auto period = base::Duration(ttl_) / 3;
        auto next = base::now() + period / 2;
        while (call.wait_until(next)) {
            const auto sent = base::now();
            const auto by = std::min(sent + period, valid_until_);
            const auto ttl =
                ask("/v3/lease/keepalive", etcd::lease_request(lease_), by, call.unwanted_fd(), etcd::ttl_in);
            if (!ttl) { // tried again, until the main thread finds the lease at its end
                if (call.wanted() && !std::exchange(complained_, true))
                    say("cannot renew - (" + ttl.error().message() + ")");
                next = base::now() + period / 10;
                continue;
            }
            if (*ttl == 0) return "lock lost - lease ended";
            complained_ = false;
            valid_until_ = sent + etcd::safe_part(std::chrono::seconds(std::min<std::int64_t>(*ttl, 86400)));
            call.renewed(valid_until_);
            next = sent + period;
            if (auto why = find_loss(call, std::min(next, valid_until_)); !why.empty()) return why;
        }
        return {};
    }

    void let_go() override
    {
        if (lease_ != 0) // whoever waits for us waits for a second
            (void)client_.post("/v3/lease/revoke", etcd::lease_request(lease_), base::now() + 900ms, -1);
        lease_ = 0;
    }

private:
    // A request, and its reply taken apart.
    template <class T>
    base::Result<T> ask(const char* path, const std::string& body, base::Time by, int give_up_fd,
                        base::Result<T> (*take_apart)(std::string_view))
    {
        const auto reply = client_.post(path, body, by, give_up_fd);
        if (!reply) return tl::unexpected(reply.error());
        return take_apart(*reply);
    }

    static Failed failed(const base::Error& error) { return Failed{"Failed to get lock - (" + error.message() + ")"}; }

    // Somebody may have removed the key, and another one put it anew.
    std::string find_loss(Call& call, base::Time by)
    {
        const auto holder =
            ask("/v3/kv/range", etcd::range_request(config_.lock), by, call.unwanted_fd(), etcd::holder_in);
        if (!holder) return {}; // the lease is renewed, so there is time
        if (!*holder) return "lock lost - key \"" + config_.lock + "\" is gone";
        if (**holder != lease_) return "lock lost - key \"" + config_.lock + "\" is somebody else's";
        return {};
    }

    etcd::Config config_;
    etcd::Client client_;
    Lease lease_ = 0;
    std::chrono::seconds ttl_{0};
    base::Time valid_until_;
    bool complained_ = false;
};

base::Result<etcd::Config> read_config(const std::string& path)
{
    const base::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd) return base::fail(errno, path);
    std::string text(65536, '\0');
    const auto n = ::read(fd.get(), text.data(), text.size());
    if (n < 0) return base::fail(errno, path);
    text.resize(static_cast<std::size_t>(n));
    auto config = etcd::parse_config(text);
    if (!config) return base::wrap(path, config.error());
    return config;
}

} // namespace

int main(int argc, char** argv)
{
    clean_process(argv[0]);
    const bool help = argc == 2 && std::strcmp(argv[1], "--help") == 0;
    if (help || argc > 3) {
        const auto usage = "Usage: " + program_name() + " [CONFIG [LOCK]]\n";
        std::fputs(usage.c_str(), help ? stdout : stderr);
        return help ? 0 : 1;
    }
    const char* const base_directory = std::getenv("CTDB_BASE");
    const std::string path =
        argc > 1 ? argv[1] : std::string(base_directory ? base_directory : "/etc/ctdb") + "/mutex-etcd.conf";
    auto config = read_config(path);
    if (!config) {
        say("Unable to use " + config.error().message());
        [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, "3", 1);
        return 0;
    }
    if (argc > 2) config->lock = argv[2];
    Traits traits;
    traits.ends_on_sigterm = false;
    traits.rules.too_late = "etcd does not answer";
    traits.rules.cannot_let = "cannot let go of \"" + config->lock + "\", it stays taken until its lease ends";
    curl_global_init(CURL_GLOBAL_DEFAULT);
    auto* backend = new EtcdLock(std::move(*config)); // as long as the process
    run(*backend, std::move(traits));
}
