// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/session.h: one invocation's conversation with the daemon: what was asked for, where it prints, and
// requests whose failures are told on stderr and become exit codes. Streams that are cut off (the manager was
// restarted) go on behind their last token.
#pragma once

#include "helpers/base/unique_fd.h"
#include "helpers/client/connection.h"
#include "processd/ctl/options.h"
#include "processd/ctl/text.h"

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace processd::ctl {

template <class T> using OrExit = tl::expected<T, int>; // int: the exit code, its reason has been told

struct Following {
    // The request, behind a token if there was one before.
    std::function<client::Request(const std::string& after)> request;
    // A line of the stream; a value ends processctl with it.
    std::function<std::optional<int>(const nlohmann::json& line, std::string_view raw)> on_line;
    // The wake fd is readable.
    std::function<std::optional<int>()> on_wake = [] { return std::nullopt; };
    // The connection is lost or cannot be made. Without a value it is tried again for a while.
    std::function<std::optional<int>(const base::Error&)> on_lost = [](const base::Error&) { return std::nullopt; };
};

class Session {
public:
    explicit Session(Options options);

    const Options options;

    // From now on follow() wakes up while fd, which must outlive this, is readable. No other request may be under way.
    void wake_on(int fd);
    // wake_on() what --timeout sets, if it was given; the result must outlive the following.
    base::UniqueFd wake_at_timeout();
    [[nodiscard]] Style style() const; // with the present time
    [[nodiscard]] client::Settings settings() const { return connection_.settings(); }

    // A 2xx reply. Otherwise the reason goes to stderr (with --json a problem's bytes to stdout): exit_failed if the
    // daemon answered, exit_ours if not.
    OrExit<client::Reply> ask(const client::Request& request);
    OrExit<nlohmann::json> value(const client::Reply& reply) const;
    // ask() for requests that may be repeated: goes on for a while over a restart of the manager. A daemon that was not
    // there to begin with is not waited for.
    OrExit<client::Reply> ask_patiently(const client::Request& request);
    // ask() for a request that must not be repeated: if the connection breaks off before the reply, the reply to the
    // other request, which is to tell what came of it.
    OrExit<client::Reply> ask_once(const client::Request& request, const client::Request& what_came_of_it);
    int follow(const Following& following);

    // False (told on stderr, once) when stdout cannot be written any more.
    bool print(std::string_view text) const;
    void complain(std::string_view sentence) const; // "processctl: sentence" on stderr

private:
    OrExit<client::Reply> judge(base::Result<client::Reply> reply);
    bool worth_a_try(const base::Result<client::Reply>& reply);
    int tell(const base::Error& error) const;
    int tell(const client::Reply& problem) const;
    [[nodiscard]] bool pause(base::Duration duration) const; // true: woken

    bool colour_ = false;
    std::size_t width_ = 0;
    bool contacted_ = false; // somebody was there
    bool lost_ = false;      // and then was not
    bool answered_ = false;  // a reply came
    int hung_up_ = 0;        // connections that were closed without one
    client::Connection connection_;
};

bool write_all(int fd, std::string_view text) noexcept;

} // namespace processd::ctl
