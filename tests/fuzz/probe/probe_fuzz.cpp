// SPDX-License-Identifier: GPL-3.0-or-later
// What servers that are asked may answer: by the first byte HTTP, a stream of RPC, or a datagram of it.
#include "processd/probe/http.h"
#include "processd/probe/rpc.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace processd::probe;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    std::string message(bytes);
    if (data[0] % 3 == 0) {
        const auto status = status_of(bytes);
        if (status && *status && (**status < 100 || **status > 599)) std::abort();
        return 0;
    }
    if (data[0] % 3 == 1) {
        auto whole = message_of(bytes);
        if (!whole || !*whole) return 0;
        if ((*whole)->size() + 4 > bytes.size()) std::abort();
        message = **std::move(whole);
    }
    const auto results = decode_reply(message, 0x2a2a2a2a);
    if (!results && results.error().message().empty()) std::abort();
    if (!results || !*results) return 0;
    if ((*results)->size() > message.size()) std::abort();
    if (const auto port = port_of(**results); !port && port.error().message().empty()) std::abort();
    return 0;
}
