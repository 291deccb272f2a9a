// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/query.h: values of query parameters. Each reader takes its key's absence as "not given"; the first value
// that is wrong is kept as the reply that names the key and the right form.
#pragma once

#include "helpers/base/time.h"
#include "processd/api/reply.h"
#include "processd/output/token.h"

#include <optional>
#include <string>
#include <vector>

namespace processd::api {

class Query {
public:
    explicit Query(const Request& request) : request_(request) {}

    std::optional<std::string> text(std::string_view key);
    std::optional<base::Duration> duration(std::string_view key);
    std::optional<base::Duration> wait(); // "wait", at most an hour
    std::optional<output::Token> token(std::string_view key);
    // A point in time: RFC 3339, or a duration that means so long before `now`.
    // `or_else` says what else would be right.
    std::optional<base::WallTime> time(std::string_view key, base::WallTime now, const std::string& or_else = {});
    std::size_t number(std::string_view key, std::size_t low, std::size_t high, std::size_t otherwise);
    bool flag(std::string_view key); // "0" (the default) or "1"
    // One of the words that parse() knows.
    template <class Parse>
    auto word(std::string_view key, Parse parse, const std::vector<std::string_view>& words)
        -> decltype(parse(std::string_view{}))
    {
        const auto* value = request_.find(key);
        if (value == nullptr) return std::nullopt;
        auto found = parse(*value);
        if (!found) complain(key, one_of(words));
        return found;
    }

    [[nodiscard]] const std::optional<Reply>& problem() const { return problem_; }
    void complain(std::string_view key, const std::string& right);

private:
    static std::string one_of(const std::vector<std::string_view>& words);

    const Request& request_;
    std::optional<Reply> problem_;
};

} // namespace processd::api
