// SPDX-License-Identifier: GPL-3.0-or-later
// A run record as its JSON, and as the value in runs.tdb: any bytes are either refused or understood for good, which
// means that what was understood is written and understood the same again.
#include "processd/model/run_record.h"
#include "processd/store/record_text.h"

#include <cstdint>
#include <cstdlib>

using namespace processd;

namespace {

void require(bool holds)
{
    if (!holds) std::abort();
}

void round_trip(const model::RunRecord& record)
{
    const auto value = store::encode_record(record);
    const auto again = store::decode_record(value, true);
    require(again.has_value());
    require(store::encode_record(*again) == value);
    const auto head = store::decode_head(value);
    require(head && *head == store::head_of(record));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    if (const auto record = model::parse_run_record(input)) round_trip(*record);
    if (const auto record = store::decode_record(input, true)) round_trip(*record);
    if (const auto head = store::decode_head(input)) {
        const auto again = store::decode_head(store::encode_id_only(*head));
        require(again && again->id == head->id && again->fingerprint == head->fingerprint);
    }
    return 0;
}
