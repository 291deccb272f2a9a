// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/sink.h"

#include <cerrno>
#include <fcntl.h>

namespace processd::output {

base::Result<std::unique_ptr<Sink>> make_sink(const model::SinkSpec& spec)
{
    switch (spec.kind) {
    case model::SinkKind::file: return make_file_sink(spec.path, spec.max_bytes, spec.keep, spec.max_age);
    case model::SinkKind::syslog:
    case model::SinkKind::journald: return make_datagram_sink(spec.path, spec.address);
    case model::SinkKind::standard_error: break;
    }
    base::UniqueFd copy{::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)};
    if (!copy) return base::fail(errno, "use stderr for captured lines");
    return make_fd_sink(std::move(copy), "stderr");
}

} // namespace processd::output
