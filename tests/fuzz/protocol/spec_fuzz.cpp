// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes as a spawn specification: refused, or decoded into something whose encoding decodes to the same.
#include "processd/protocol/spawn_spec.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace processd::protocol;
    const auto spec = decode_spawn_spec({reinterpret_cast<const char*>(data), size});
    if (!spec) return 0;
    const auto again = decode_spawn_spec(encode(*spec));
    if (!again || *again != *spec) std::abort();
    return 0;
}
