// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/sink.h"

#include <cerrno>
#include <fcntl.h>

namespace processd::output {

base::Result<std::unique_ptr<Sink>> make_sink(const model::SinkSpec& spec)
{
    if (spec.kind == "stderr") {
        base::UniqueFd copy{::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)};
        if (!copy) return base::fail(errno, "use stderr for captured lines");
        return make_fd_sink(std::move(copy), "stderr");
    }
    if (spec.kind == "file") {
        if (!spec.path.starts_with('/'))
            return base::fail(base::Errc::bad_input, "the log file \"" + spec.path + "\" must be an absolute path");
        return make_file_sink(spec.path, spec.max_bytes, spec.keep);
    }
    return base::fail(base::Errc::bad_input, "there is no sink \"" + spec.kind + "\"; there are stderr and file");
}

} // namespace processd::output
