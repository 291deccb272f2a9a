// SPDX-License-Identifier: GPL-3.0-or-later
// What a manager takes up from the one before: notes and cookies that the keeper held, documents of state.tdb, and what
// processd-prepare answers. Any bytes are refused, or understood for good.
#include "processd/model/json.h"
#include "processd/supervisor/live_run.h"
#include "processd/supervisor/operations.h"
#include "processd/supervisor/service_entry.h"
#include "processd/supervisor/spawn_request.h"

#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace processd;
    using namespace processd::supervisor;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    if (const auto launch = parse_note(text)) {
        const auto note = note_of(*launch);
        const auto again = parse_note(note);
        if (!again || note_of(*again) != note) std::abort();
    }
    if (const auto mark = parse_cookie(text)) {
        const auto cookie = cookie_of(*mark);
        const auto again = parse_cookie(cookie);
        if (!again || cookie_of(*again) != cookie) std::abort();
    }
    (void)parse_prepared(text);
    const auto document = model::parse_json(text);
    if (!document) return 0;
    try {
        ServiceEntry entry;
        restore(entry, *document);
        const auto kept = stored(entry);
        ServiceEntry again;
        restore(again, kept);
        if (stored(again) != kept) std::abort();
    } catch (const nlohmann::json::exception&) {
    }
    try {
        const auto operation = document->get<Operation>();
        const nlohmann::json kept = operation;
        if (nlohmann::json(kept.get<Operation>()) != kept) std::abort();
    } catch (const nlohmann::json::exception&) {
    }
    return 0;
}
