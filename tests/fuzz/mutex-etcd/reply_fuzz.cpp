// SPDX-License-Identifier: GPL-3.0-or-later
// What an etcd server may say, as the answer to each request.
#include "mutex-helpers/etcd/gateway.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view reply(reinterpret_cast<const char*>(data), size);
    if (const auto granted = etcd::granted_in(reply); granted && (granted->lease == 0 || granted->ttl_s <= 0))
        std::abort();
    if (const auto ttl = etcd::ttl_in(reply); ttl && *ttl < 0) std::abort();
    (void)etcd::holder_in(reply);
    (void)etcd::taken_in(reply);
    if (const auto token = etcd::token_in(reply); token && token->find_first_of("\r\n") != std::string::npos)
        std::abort();
    if (etcd::complaint_in(reply).find('\n') != std::string::npos) std::abort();
    return 0;
}
