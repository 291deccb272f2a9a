// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/store.h"

#include "statd-callout/helper/db_store.h"
#include "statd-callout/helper/directory_store.h"

#include <charconv>

namespace callout {
namespace {
constexpr std::string_view mark_word = "notify ";
}

std::string mark(std::int32_t state) { return std::string(mark_word) + std::to_string(state); }

std::optional<std::int32_t> marked_state(const std::string& value)
{
    if (!value.starts_with(mark_word)) return std::nullopt;
    std::int32_t state = 0;
    std::from_chars(value.data() + mark_word.size(), value.data() + value.size(), state);
    return state;
}

std::unique_ptr<Store> open_store(const Settings& settings)
{
    switch (settings.storage) {
    case Storage::persistent_db: return std::make_unique<DbStore>(settings);
    case Storage::shared_dir: return std::make_unique<DirectoryStore>(settings);
    case Storage::none: break;
    }
    return nullptr;
}

} // namespace callout
