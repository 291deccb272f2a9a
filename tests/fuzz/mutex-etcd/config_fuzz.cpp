// SPDX-License-Identifier: GPL-3.0-or-later
// The configuration file of ctdb_mutex_etcd_helper.
#include "mutex-helpers/etcd/config.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto config = etcd::parse_config({reinterpret_cast<const char*>(data), size});
    if (!config && config.error().context.empty()) std::abort();
    if (config && (config->endpoints.empty() || config->lock.empty() || config->ttl.count() < 2)) std::abort();
    return 0;
}
