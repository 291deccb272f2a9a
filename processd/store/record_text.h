// SPDX-License-Identifier: GPL-3.0-or-later
// processd/store/record_text.h: the value of one record in runs.tdb, see docs/records.md. Private to this room.
//   R1 KIND STATE OUTCOME CREATED_US ENDED_US DURATION_US FINGERPRINT ID PARENT NAME \n
//   the record as JSON, without its tail \n
//   the tail as a JSON array \n
//   blanks up to a multiple of 1 KiB
// The first line alone feeds the index at start and answers most look-ups, so neither parses JSON. Values come in few
// sizes, as tdb then finds the place of a removed one right for a new one instead of walking a long list of odd holes.
#pragma once

#include "helpers/base/result.h"
#include "processd/model/run_record.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace processd::store {

struct Head {
    bool id_only = false; // "I1": the record has expired, its id and fingerprint are still remembered
    model::RunKind kind = model::RunKind::adhoc;
    model::RunState state = model::RunState::starting;
    std::optional<model::OutcomeKind> outcome;
    std::int64_t created_us = 0; // since the epoch; 0: not yet
    std::int64_t ended_us = 0;
    std::optional<std::int64_t> duration_us;
    std::uint64_t fingerprint = 0;
    std::string id, parent, name; // an empty parent is none
    friend bool operator==(const Head&, const Head&) = default;
};

struct RecordText { // views into the value
    std::string_view body, tail;
};

std::string number_key(std::uint64_t number);
std::optional<std::uint64_t> number_from_key(std::string_view key);

Head head_of(const model::RunRecord& record);
std::string encode_record(const model::RunRecord& record);
std::string encode_id_only(Head head);

// Errc::corrupt, also for a version that is not ours.
base::Result<Head> decode_head(std::string_view value);
base::Result<model::RunRecord> decode_record(std::string_view value, bool with_tail);

} // namespace processd::store
