// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/json.h: shared rules of our JSON: snake_case keys, durations as whole milliseconds in keys ending in
// _ms, times RFC 3339 UTC, null where a value does not apply, bytes as "text" when they are UTF-8 and "base64" when
// not.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace processd::model {

nlohmann::json json_time(base::WallTime time);                  // null for the epoch itself, which means "not yet"
nlohmann::json json_ms(std::optional<base::Duration> duration); // null for none
// Puts bytes into object as "text" or "base64", whichever is exact.
void put_bytes(nlohmann::json& object, std::string_view bytes);
std::string bytes_from(const nlohmann::json& object); // the reverse; throws nlohmann's exceptions

std::string to_base64(std::string_view bytes);
base::Result<std::string> from_base64(std::string_view text);
bool is_utf8(std::string_view bytes) noexcept;

// Parses text with a bound on nesting (64); Errc::bad_input with nlohmann's words and the byte position.
base::Result<nlohmann::json> parse_json(std::string_view text);
// Errc::bad_input naming the first key of object that is not in known, with the nearest known one.
base::Result<void> only_known_keys(const nlohmann::json& object, std::initializer_list<std::string_view> known,
                                   std::string_view what);

} // namespace processd::model
