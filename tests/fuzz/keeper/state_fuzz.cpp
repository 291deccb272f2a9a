// SPDX-License-Identifier: GPL-3.0-or-later
// What one keeper's program leaves to the next: any bytes are refused, or are a state that can be taken up, which means
// that it is written and understood the same again, and that nothing in it has two owners.
#include "processd/keeper/keeper_state.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

using namespace processd::keeper;

namespace {

void require(bool holds)
{
    if (!holds) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto state = decode_state({reinterpret_cast<const char*>(data), size});
    if (!state) {
        require(!state.error().message().empty());
        return 0;
    }
    const auto bytes = encode(*state);
    const auto again = decode_state(bytes);
    require(again.has_value());
    require(encode(*again) == bytes);
    const auto descriptors = descriptors_of(*state);
    require(descriptors == descriptors_of(*again));
    require(std::adjacent_find(descriptors.begin(), descriptors.end()) == descriptors.end());
    for (const auto& child : state->children) {
        require(child.state.id != 0 && child.state.id < state->next_id);
        require(child.reaped || child.state.pid > 0);
    }
    return 0;
}
