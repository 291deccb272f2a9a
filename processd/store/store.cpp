// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/store/store.h"

namespace processd::store {

base::Result<Store> Store::open(const std::string& directory, const Options& options)
{
    const bool durable = options.sync == model::Sync::always;
    auto dir = Directory::open(directory);
    if (!dir) return tl::unexpected(dir.error());
    auto records = Records::open(*dir, durable, options.retention);
    if (!records) return tl::unexpected(records.error());
    auto state = State::open(*dir, durable);
    if (!state) return tl::unexpected(state.error());

    Store store;
    store.directory_ = std::make_unique<Directory>(*std::move(dir));
    store.records_ = std::make_unique<Records>(*std::move(records));
    store.state_ = std::make_unique<State>(*std::move(state));
    store.syncer_ = std::make_unique<Syncer>();
    store.sync_ = options.sync;
    return store;
}

void Store::set_options(const Options& options)
{
    sync_ = options.sync;
    records_->set_durable_commits(options.sync == model::Sync::always);
    state_->set_durable_commits(options.sync == model::Sync::always);
    records_->set_retention(options.retention);
}

bool Store::dirty() const
{
    return sync_ == model::Sync::interval && records_->commits() + state_->commits() != synced_commits_;
}

void Store::sync_soon()
{
    synced_commits_ = records_->commits() + state_->commits();
    syncer_->request({records_->fd(), state_->fd()});
}

} // namespace processd::store
