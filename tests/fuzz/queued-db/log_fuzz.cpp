// SPDX-License-Identifier: GPL-3.0-or-later
// A queue's log of any bytes: what is read of it can be written again and is then read alike; the sums of bytes agree.
#include "helpers/queued-db/log_format.h"
#include "helpers/queued-db/ptrans_text.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto log = queued_db::parse_log(bytes);
    if (log.good > size || log.tail + log.unreadable > size) std::abort();
    std::string again{queued_db::log_magic};
    std::uint64_t last = 0;
    for (const auto& entry : log.entries) {
        if (entry.sequence <= last) std::abort();
        last = entry.sequence;
        again += queued_db::encode(entry);
        if (const auto line = queued_db::ptrans_line(entry.operation); line && line->size() > queued_db::max_line)
            std::abort();
    }
    const auto second = queued_db::parse_log(again);
    if (second.entries != log.entries || second.unreadable != 0 || second.tail != 0 || second.good != again.size())
        std::abort();
    if (log.unreadable == 0 && log.good > 0 && bytes.substr(0, log.good) != std::string_view(again).substr(0, log.good))
        std::abort();
    return 0;
}
