// SPDX-License-Identifier: GPL-3.0-or-later
// processd/output/sink.h: where captured lines are written to. A Sink only knows how to put bytes somewhere; its
// SinkWriter owns the thread, the queue and the patience. Called on the writer's thread alone, and there it may block,
// except that a write to a pipe or terminal waits no longer than until `stop` becomes readable.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"
#include "helpers/base/unique_fd.h"
#include "processd/model/log_spec.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace processd::output {

class Sink {
public:
    Sink() = default;
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;
    virtual ~Sink() = default;

    // Writes a prefix of whole lines, or messages, and returns how many bytes went out (at least one), or why none did.
    // After an error the same bytes are offered again later.
    virtual base::Result<std::size_t> write(std::string_view lines, int stop) = 0;
    virtual void reopen() {}                            // on SIGHUP: the file may have been moved away
    [[nodiscard]] virtual std::string name() const = 0; // for messages
};

// Appends to `path` (mode 0640). Beyond max_bytes, and when there is a line for a file that was made max_age ago (zero:
// at no age), it becomes path.1, and so on up to path.keep; keep 0 starts afresh. The directory must exist; the file is
// opened when first written to, and again after an error.
std::unique_ptr<Sink> make_file_sink(std::string path, std::uint64_t max_bytes, int keep, base::Duration max_age = {});
// Writes to a descriptor that others write to as well (stderr): never makes it non-blocking, as that would be shared.
std::unique_ptr<Sink> make_fd_sink(base::UniqueFd fd, std::string name);
// Sends each message (line_format.h) as a datagram, to a Unix socket's path or, if that is empty, by UDP to a numeric
// address of this host, like "127.0.0.1:514". A receiver that is slow is waited for, one that went away is looked for
// again at the next try.
std::unique_ptr<Sink> make_datagram_sink(std::string path, std::string address);
// From configuration; stderr is a copy of fd 2.
base::Result<std::unique_ptr<Sink>> make_sink(const model::SinkSpec& spec);

} // namespace processd::output
