// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/helper/directory_store.h: records as files of a directory that all nodes share. A record's contents are
// empty, or its mark; the callout empties it again. To be removed a record is first renamed: if it turns out to have
// been emptied meanwhile, it gets its name back.
#pragma once

#include "statd-callout/helper/store.h"

namespace callout {

class DirectoryStore : public Store {
public:
    explicit DirectoryStore(const Settings& settings) : settings_(settings) {}
    base::Result<base::UniqueFd> hold(base::Duration timeout) override;
    base::Result<Stored> read() override;
    base::Result<void> mark_records(const std::vector<ClientRecord>& records, const std::string& server,
                                    std::int32_t state) override;
    base::Result<void> remove_marked(const std::vector<ClientRecord>& records) override;

private:
    const Settings& settings_;
};

} // namespace callout
