// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/helper/store.h: the cluster's client records, in a persistent database or in a shared directory.
// A record of a client that is to be notified is marked: its value becomes "notify STATE". When the client registers
// anew the callout overwrites the mark, so a record that is removed only while marked is never one that was made
// meanwhile.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"
#include "helpers/base/unique_fd.h"
#include "statd-callout/helper/client_record.h"
#include "statd-callout/helper/settings.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace callout {

std::string mark(std::int32_t state);
std::optional<std::int32_t> marked_state(const std::string& value);

struct Stored {
    std::vector<ClientRecord> records;          // sorted
    std::map<std::string, std::int32_t> states; // of each server address, the last NSM state used
};

class Store {
public:
    Store() = default;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    virtual ~Store() = default;
    // Between this and the end of the result nobody of this node changes records, other than the callout.
    virtual base::Result<base::UniqueFd> hold(base::Duration timeout) = 0;
    virtual base::Result<Stored> read() = 0;
    // Marks the records and keeps the state of the server address.
    virtual base::Result<void> mark_records(const std::vector<ClientRecord>& records, const std::string& server,
                                            std::int32_t state) = 0;
    // Removes those of the records that are marked and that nobody has changed.
    virtual base::Result<void> remove_marked(const std::vector<ClientRecord>& records) = 0;
};

// Nothing with the storage none.
std::unique_ptr<Store> open_store(const Settings& settings);

} // namespace callout
