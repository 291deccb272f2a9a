// SPDX-License-Identifier: GPL-3.0-or-later
// statd_callout.conf, and a client's name: what is accepted is safe to build paths, keys and lines of.
#include "statd-callout/config.h"
#include "statd-callout/names.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = callout::parse_config(text);
    if (parsed.problem == nullptr && parsed.config.mode != callout::Mode::none &&
        (parsed.config.directory.size() < 2 || parsed.config.directory.find('\n') != std::string_view::npos))
        std::abort();
    if (callout::why_hostile(text) == nullptr && text.find_first_of("/@\"'\n\t ") != std::string_view::npos)
        std::abort();
    return 0;
}
