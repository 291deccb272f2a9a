// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/helper/db_store.h: records in a persistent CTDB database, through ctdb's command.
#pragma once

#include "helpers/queued-db/operation.h"
#include "statd-callout/helper/store.h"

namespace callout {

class DbStore : public Store {
public:
    explicit DbStore(const Settings& settings) : settings_(settings) {}
    base::Result<base::UniqueFd> hold(base::Duration timeout) override;
    base::Result<Stored> read() override;
    base::Result<void> mark_records(const std::vector<ClientRecord>& records, const std::string& server,
                                    std::int32_t state) override;
    base::Result<void> remove_marked(const std::vector<ClientRecord>& records) override;

private:
    base::Result<void> commit(const std::vector<queued_db::Operation>& operations);
    const Settings& settings_;
};

} // namespace callout
