// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/octal_key.h"

namespace processd::config {

void read_octal(TableReader& keys, std::string_view key, std::uint32_t& bits, std::string_view example)
{
    const Entry* entry = keys.find(key);
    if (entry == nullptr) return;
    const auto* text = std::get_if<std::string>(&entry->value.data);
    if (text == nullptr) return keys.must_be(*entry, "octal digits in a string, like " + quoted(example));
    std::uint32_t found = 0;
    bool octal = !text->empty() && text->size() <= 4;
    for (const char c : *text) {
        octal = octal && c >= '0' && c <= '7';
        found = found << 3U | static_cast<std::uint32_t>(c - '0');
    }
    if (!octal || found > 0777)
        return keys.complain(*entry, quoted(key) + R"( must be octal digits up to "0777", like )" + quoted(example) +
                                         ", not " + quoted(*text));
    bits = found;
}

} // namespace processd::config
