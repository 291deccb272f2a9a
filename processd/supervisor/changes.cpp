// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/changes.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace processd::supervisor {
namespace {

constexpr base::Duration keep_for = std::chrono::minutes{1}; // after the last reader left, should it come back

} // namespace

Changes::Changes(std::uint64_t epoch, std::uint64_t first_seq, std::size_t max_bytes)
    : epoch_(epoch), first_(first_seq), last_(first_seq), max_bytes_(max_bytes)
{
}

std::string Changes::line(std::string_view type, const nlohmann::json& object, std::uint64_t seq) const
{
    nlohmann::json j{{"type", type}, {"seq", output::format_token({epoch_, seq})}};
    if (!object.is_null()) j[type == "service_gone" || type == "job_gone" ? "name" : std::string(type)] = object;
    return j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Subscription Changes::attend()
{
    ++*readers_;
    return Subscription([readers = readers_, left = left_] {
        --*readers;
        *left = base::now();
    });
}

bool Changes::wanted(base::Time now) const
{
    return *readers_ > 0 || (*left_ != base::Time{} && now - *left_ < keep_for);
}

void Changes::add(std::string_view type, const std::function<nlohmann::json()>& object)
{
    ++last_;
    if (!wanted(base::now())) {
        lines_.clear();
        bytes_ = 0;
        first_ = last_;
        return;
    }
    lines_.push_back({last_, line(type, object(), last_)});
    bytes_ += lines_.back().text.size();
    while (bytes_ > max_bytes_ && lines_.size() > 1) {
        bytes_ -= lines_.front().text.size();
        first_ = lines_.front().seq;
        lines_.pop_front();
    }
    on_more.tell();
}

std::optional<std::vector<Changes::Line>> Changes::read(std::uint64_t after, std::size_t max_bytes) const
{
    if (after < first_ || after > last_) return std::nullopt;
    std::vector<Line> found;
    std::size_t bytes = 0;
    const auto start = std::upper_bound(lines_.begin(), lines_.end(), after,
                                        [](std::uint64_t seq, const Line& l) { return seq < l.seq; });
    for (auto at = start; at != lines_.end() && (found.empty() || bytes + at->text.size() <= max_bytes); ++at) {
        bytes += at->text.size();
        found.push_back(*at);
    }
    return found;
}

} // namespace processd::supervisor
