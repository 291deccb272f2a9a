// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/capabilities.h: the kernel's capabilities by name, as in capabilities(7).
#pragma once

#include "helpers/base/result.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace processd::model {

class JsonKeys;

using Capabilities = std::set<std::string>; // names like "CAP_NET_BIND_SERVICE"

const std::vector<std::string_view>& capability_names(); // by number
std::optional<int> capability_number(std::string_view name);
std::uint64_t capability_bits(const Capabilities& names); // 1 << number each
// The name that somebody may have meant, also by "net_admin" or "sys-admin"; empty for none.
std::string_view nearest_capability(std::string_view word);

// A key of a request; absent: nothing.
void read_capabilities(JsonKeys& keys, const char* key, std::optional<Capabilities>& value);

} // namespace processd::model
