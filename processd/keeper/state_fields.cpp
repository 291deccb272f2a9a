// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/state_fields.h"

namespace processd::keeper {

FieldReader::FieldReader(std::string_view record)
{
    while (!record.empty()) {
        FieldHeader header{};
        if (record.size() < sizeof header) {
            refuse(0, "is cut off");
            return;
        }
        std::memcpy(&header, record.data(), sizeof header);
        record.remove_prefix(sizeof header);
        if (header.number == 0) {
            ended_ = true;
            return;
        }
        const auto padded = (std::size_t{header.size} + 7) / 8 * 8;
        if (padded > record.size()) {
            refuse(header.number, "is cut off");
            return;
        }
        found_.push_back({header, record.substr(0, header.size)});
        record.remove_prefix(padded);
    }
}

// The next of this number that was not used yet: lists have several, one after the other, and may be long.
FieldReader::Found* FieldReader::find(std::uint16_t number)
{
    for (std::size_t tried = 0; tried < found_.size(); ++tried, at_ = (at_ + 1) % found_.size())
        if (found_[at_].header.number == number && !std::exchange(found_[at_].used, true)) return &found_[at_];
    return nullptr;
}

void FieldReader::refuse(std::uint16_t number, std::string_view why)
{
    if (wrong_.empty()) wrong_ = "field " + std::to_string(number) + " " + std::string(why);
}

base::Result<void> FieldReader::finish(const char* what)
{
    for (const auto& found : found_)
        if (!found.used && (found.header.flags & field_hint) == 0) refuse(found.header.number, "is not known here");
    if (!wrong_inside_.empty()) return base::fail(base::Errc::corrupt, wrong_inside_);
    if (!wrong_.empty()) return base::fail(base::Errc::corrupt, wrong_ + ", of " + what);
    return {};
}

} // namespace processd::keeper
