// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/store/state.h"

#include "helpers/base/crash_point.h"
#include "helpers/base/log.h"
#include "processd/model/json.h"
#include "processd/store/db.h"
#include "processd/store/directory.h"

#include <map>
#include <nlohmann/json.hpp>

namespace processd::store {
namespace {

constexpr int hash_size = 131;

} // namespace

struct State::Impl {
    base::Result<void> commit(const std::vector<Change>& changes);
    [[nodiscard]] std::map<std::string, std::string> texts(std::string_view key_prefix) const;
    Db db;
    std::map<std::string, std::optional<std::string>, std::less<>> waiting; // not empty only after a failure
};

Change change_of(std::string key, const nlohmann::json& document)
{
    return {std::move(key), document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

State::State(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
State::State(State&&) noexcept = default;
State& State::operator=(State&&) noexcept = default;
State::~State() = default;

base::Result<State> State::open(const Directory& directory, bool durable_commits)
{
    const auto readable = [](const Db& db) { return db.for_each([](std::string_view, std::string_view) {}); };
    auto db = Db::open_or_set_aside(directory.file("state.tdb"), hash_size, durable_commits, readable);
    if (!db) return tl::unexpected(db.error());
    return State{std::make_unique<Impl>(Impl{*std::move(db), {}})};
}

base::Result<void> State::put_now(std::string_view key, const nlohmann::json& document)
{
    return apply({change_of(std::string(key), document)});
}

base::Result<void> State::erase(std::string_view key) { return apply({{std::string(key), std::nullopt}}); }

base::Result<void> State::apply(const std::vector<Change>& wanted)
{
    std::vector<Change> changes;
    for (const auto& [key, document] : impl_->waiting) changes.push_back({key, document});
    changes.insert(changes.end(), wanted.begin(), wanted.end());
    auto done = impl_->commit(changes);
    if (!done && done.error().code == base::Errc::corrupt) {
        // Whatever can still be read goes to a fresh file: what an operator decided is not in any other place.
        std::vector<Change> all;
        if (auto read = impl_->db.for_each([&](std::string_view key, std::string_view text) {
                all.push_back({std::string(key), std::string(text)});
            });
            !read)
            base::log::error("not all state can be read back", {{"reason", read.error().message()}});
        if (auto afresh = impl_->db.begin_afresh(done.error()); !afresh) return afresh;
        all.insert(all.end(), changes.begin(), changes.end());
        done = impl_->commit(all);
    }
    if (!done) return done;
    base::crash_point("commit:after", "state");
    if (!impl_->waiting.empty()) base::log::info("state is on record again");
    impl_->waiting.clear();
    return {};
}

// Once a change waits, later ones join it and only retry() tries: a failed commit costs more than one that succeeds.
void State::keep(const std::vector<Change>& changes)
{
    if (impl_->waiting.empty()) {
        const auto done = apply(changes);
        if (done) return;
        base::log::error("state cannot be put on record; what happens goes on, and it is tried again",
                         {{"reason", done.error().message()}});
    }
    for (const auto& change : changes) impl_->waiting[change.key] = change.document;
    if (on_waiting) on_waiting();
}

bool State::retry() { return impl_->waiting.empty() || apply({}).has_value(); }

base::Result<void> State::Impl::commit(const std::vector<Change>& changes)
{
    return db.transact([&]() -> base::Result<void> {
        for (const auto& change : changes) {
            auto made = change.document ? db.put(change.key, *change.document) : db.erase(change.key);
            if (!made) return made;
        }
        base::crash_point("commit:before", "state");
        return {};
    });
}

base::Result<nlohmann::json> State::get(std::string_view key) const
{
    const auto waits = impl_->waiting.find(key);
    auto text =
        waits != impl_->waiting.end() ? base::Result<std::optional<std::string>>{waits->second} : impl_->db.get(key);
    if (!text) return tl::unexpected(text.error());
    if (!*text) return base::fail(base::Errc::not_found, "there is no state \"" + std::string(key) + "\"");
    auto document = model::parse_json(**text);
    if (!document)
        return base::fail(base::Errc::corrupt,
                          "the state \"" + std::string(key) + "\" is " + document.error().message());
    return *std::move(document);
}

std::map<std::string, std::string> State::Impl::texts(std::string_view key_prefix) const
{
    std::map<std::string, std::string> texts;
    auto done = db.for_each([&](std::string_view key, std::string_view text) {
        if (key.starts_with(key_prefix)) texts.emplace(key, text);
    });
    if (!done) base::log::error("state cannot be read", {{"reason", done.error().message()}});
    for (const auto& [key, document] : waiting) {
        if (!key.starts_with(key_prefix)) continue;
        texts.erase(key);
        if (document) texts.emplace(key, *document);
    }
    return texts;
}

std::vector<std::string> State::keys(std::string_view prefix) const
{
    std::vector<std::string> keys;
    for (const auto& entry : impl_->texts(prefix)) keys.push_back(entry.first);
    return keys;
}

void State::for_each(std::string_view key_prefix,
                     const std::function<void(std::string_view, const nlohmann::json&)>& visit) const
{
    const auto texts = impl_->texts(key_prefix); // read first: visit may change what it visits
    for (const auto& [key, text] : texts) {
        auto document = model::parse_json(text);
        if (document)
            visit(key, *document);
        else
            base::log::error("a stored state is passed over", {{"key", key}, {"reason", document.error().message()}});
    }
}

void State::set_durable_commits(bool on) { impl_->db.set_durable_commits(on); }
int State::fd() const { return impl_->db.fd(); }
std::uint64_t State::commits() const { return impl_->db.commits(); }

} // namespace processd::store
