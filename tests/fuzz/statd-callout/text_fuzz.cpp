// SPDX-License-Identifier: GPL-3.0-or-later
// What the helper reads from others: ctdb's lists, the callout's files.
#include "helpers/addresses/address_file.h"
#include "helpers/addresses/owners.h"
#include "statd-callout/helper/client_record.h"
#include "statd-callout/helper/store.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::map<std::string, std::int32_t> states;
    for (const auto& record : callout::parse_catdb(text, &states)) {
        const auto again = callout::parse_key(record.key());
        if (!again || again->server != record.server || again->client != record.client || record.value.empty())
            std::abort();
        callout::marked_state(record.value);
    }
    for (const auto& [address, owner] : addresses::parse_owners(text))
        if (address.empty() || address.find('|') != std::string::npos) std::abort();
    const auto key = text.substr(0, text.find('\n'));
    if (const auto value = callout::parse_queue_line(text.substr(std::min(size, key.size() + 1)), key);
        value && value->find('"') != std::string::npos)
        std::abort();
    return 0;
}
