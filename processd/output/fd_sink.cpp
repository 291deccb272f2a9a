// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/sink.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace processd::output {
namespace {

class FdSink final : public Sink {
public:
    FdSink(base::UniqueFd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name))
    {
        struct stat st {};
        if (::fstat(fd_.get(), &st) == 0) {
            regular_ = S_ISREG(st.st_mode);
            socket_ = S_ISSOCK(st.st_mode);
        }
    }

    base::Result<std::size_t> write(std::string_view lines, int stop) override
    {
        // The descriptor is shared with other processes, so it stays as blocking as it is. A pipe that polls writable
        // takes PIPE_BUF bytes without blocking, so that is how much it gets at a time.
        if (!regular_) lines = lines.substr(0, PIPE_BUF);
        if (const auto end = lines.rfind('\n'); end != std::string_view::npos) lines = lines.substr(0, end + 1);
        while (true) {
            std::array<pollfd, 2> ready{{{fd_.get(), POLLOUT, 0}, {stop, POLLIN, 0}}};
            if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR)
                return base::fail(errno, "wait for " + name_);
            if (ready[1].revents != 0) return base::fail(ECANCELED, "write to " + name_);
            if (ready[0].revents == 0) continue;
            const auto n = socket_ ? ::send(fd_.get(), lines.data(), lines.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                   : ::write(fd_.get(), lines.data(), lines.size());
            if (n > 0) return static_cast<std::size_t>(n);
            if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            return base::fail(n < 0 ? errno : EIO, "write to " + name_);
        }
    }

    [[nodiscard]] std::string name() const override { return name_; }

private:
    base::UniqueFd fd_;
    std::string name_;
    bool regular_ = false, socket_ = false;
};

} // namespace

std::unique_ptr<Sink> make_fd_sink(base::UniqueFd fd, std::string name)
{
    return std::make_unique<FdSink>(std::move(fd), std::move(name));
}

} // namespace processd::output
