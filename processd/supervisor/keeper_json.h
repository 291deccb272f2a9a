// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/keeper_json.h: what the keeper's HELLO says, as docs/openapi.yaml's System has it.
#pragma once

#include "processd/protocol/message.h"

#include <array>
#include <cstring>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace processd::supervisor {

template <std::size_t N> std::string text_of(const std::array<char, N>& field)
{
    return std::string(field.data(), ::strnlen(field.data(), N));
}

nlohmann::json keeper_json(const protocol::Hello& hello);         // but for its memory
nlohmann::json manager_before_json(const protocol::Hello& hello); // previous_end and previous_status

} // namespace processd::supervisor
