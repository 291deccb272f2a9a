// SPDX-License-Identifier: GPL-3.0-or-later
// processd/ctl/fields.h: reading a reply without trusting it: a key that is absent, null or of another type reads as
// the default, so an older or newer daemon can not make processctl fail over a detail.
#pragma once

#include "helpers/base/time.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace processd::ctl {

std::string text(const nlohmann::json& object, const char* key);
std::int64_t number(const nlohmann::json& object, const char* key, std::int64_t otherwise = 0);
std::optional<std::int64_t> maybe_number(const nlohmann::json& object, const char* key);
bool flag(const nlohmann::json& object, const char* key);
base::WallTime time(const nlohmann::json& object, const char* key); // the epoch: none
// The object or array under key, or null.
const nlohmann::json& part(const nlohmann::json& object, const char* key);
std::vector<std::string> texts(const nlohmann::json& object, const char* key); // numbers become text
// Bytes of "text" or "base64"; base64 that is none reads as far as it goes.
std::string bytes(const nlohmann::json& object);
std::string to_base64(std::string_view bytes);

} // namespace processd::ctl
