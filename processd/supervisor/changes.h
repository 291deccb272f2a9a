// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/changes.h: the feed of GET /v1/watch: every change of services, runs and operations as a finished
// NDJSON line with a token, kept in a bounded window. Readers pull from a position; `on_more` says when there is
// something.
#pragma once

#include "helpers/base/time.h"
#include "processd/output/token.h"
#include "processd/supervisor/event.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace processd::supervisor {

class Changes {
public:
    Changes(std::uint64_t epoch, std::uint64_t first_seq, std::size_t max_bytes = 1U << 20U);

    // While somebody follows, and for a minute afterwards, lines are made and kept; else a change costs a number.
    [[nodiscard]] Subscription attend();
    [[nodiscard]] bool wanted(base::Time now) const;
    // {"type": type, "seq": TOKEN, type: object}; object is only made if it is wanted.
    void add(std::string_view type, const std::function<nlohmann::json()>& object);

    struct Line {
        std::uint64_t seq;
        std::string text; // with its newline
    };
    // Lines behind `after`, at most max_bytes of them (at least one). nullopt: they are not kept any more.
    [[nodiscard]] std::optional<std::vector<Line>> read(std::uint64_t after, std::size_t max_bytes) const;
    [[nodiscard]] output::Token newest() const { return {epoch_, last_}; }
    [[nodiscard]] std::string line(std::string_view type, const nlohmann::json& object, std::uint64_t seq) const;

    Event<> on_more;

private:
    std::uint64_t epoch_;
    std::uint64_t first_;
    std::uint64_t last_;
    std::size_t bytes_ = 0;
    std::size_t max_bytes_;
    std::deque<Line> lines_;
    std::shared_ptr<int> readers_ = std::make_shared<int>(0);
    std::shared_ptr<base::Time> left_ = std::make_shared<base::Time>();
};

} // namespace processd::supervisor
