// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/route.h"

#include "helpers/base/log.h"
#include "helpers/base/nearest.h"
#include "processd/api/body.h"
#include "processd/api/context.h"
#include "processd/api/problem.h"
#include "processd/api/request_tally.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

namespace processd::api {
namespace {

std::vector<std::string_view> split(std::string_view path)
{
    std::vector<std::string_view> segments;
    path.remove_prefix(1);
    while (!path.empty()) {
        const auto end = path.find('/');
        segments.push_back(path.substr(0, end));
        path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
    }
    return segments;
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

// The parameters, if the path fits the pattern.
std::optional<std::vector<std::string>> match(const std::vector<std::string_view>& pattern,
                                              const std::vector<std::string>& path)
{
    if (pattern.size() != path.size()) return std::nullopt;
    std::vector<std::string> parameters;
    for (std::size_t i = 0; i < pattern.size(); ++i)
        if (is_parameter(pattern[i]))
            parameters.push_back(path[i]);
        else if (pattern[i] != path[i])
            return std::nullopt;
    return parameters;
}

const std::vector<std::vector<std::string_view>>& patterns()
{
    static const auto all = [] {
        std::vector<std::vector<std::string_view>> made;
        for (const auto& route : routes()) made.push_back(split(route.path));
        return made;
    }();
    return all;
}

Reply no_such_path(const Request& request)
{
    const std::string path = request.target.substr(0, request.target.find('?'));
    // What a person meant has the right number of segments more often than the right spelling.
    std::vector<std::string> candidates;
    for (const auto& pattern : patterns()) {
        std::string candidate;
        for (std::size_t i = 0; i < pattern.size(); ++i)
            candidate += "/" + (is_parameter(pattern[i]) && i < request.segments.size() ? request.segments[i]
                                                                                        : std::string(pattern[i]));
        candidates.push_back(std::move(candidate));
    }
    const auto nearest = base::nearest(path, std::vector<std::string_view>(candidates.begin(), candidates.end()));
    std::string detail = "there is nothing at " + path.substr(0, 200);
    if (nearest.empty()) return problem(Kind::not_found, detail + "; docs/openapi.yaml lists what there is");
    return problem(Kind::not_found, detail + "; did you mean " + std::string(nearest) + "?",
                   {{"nearest", std::string(nearest)}});
}

Reply wrong_method(const Request& request, const std::vector<std::string>& allowed)
{
    std::string list;
    for (const auto& method : allowed) list += (list.empty() ? "" : ", ") + method;
    auto reply = problem(Kind::method_not_allowed, "this path knows " + list + ", not " + request.method.substr(0, 40),
                         {{"allow", allowed}});
    reply.headers.emplace_back("Allow", list);
    return reply;
}

Reply too_low(const Request& request, const Route& route)
{
    const std::string needs(name_of(route.access));
    const std::string level(name_of(request.access));
    return problem(Kind::forbidden,
                   "this needs level " + needs + ", and uid " + std::to_string(request.peer.uid) + " has level " +
                       level + "; processd.toml gives levels in [access]",
                   {{"needs", needs}, {"level", level}});
}

std::optional<Reply> query_problem(const Request& request, const Route& route)
{
    for (auto at = request.query.begin(); at != request.query.end(); ++at) {
        if (std::find(route.query.begin(), route.query.end(), at->first) == route.query.end())
            return unknown_key(at->first, route.query, "the query");
        if (std::any_of(request.query.begin(), at, [&](const auto& earlier) { return earlier.first == at->first; }))
            return bad_parameter(at->first, "query parameter \"" + at->first + "\" must be given once only");
    }
    return std::nullopt;
}

void call(Context& context, const ExchangePtr& exchange, const Route& route, std::vector<std::string> parameters)
{
    const auto& request = exchange->request();
    if (request.access < route.access) {
        log_refusal(context.refusals, request.peer,
                    request.method + ' ' + request.target.substr(0, 200) + " needs level " +
                        std::string(name_of(route.access)) + ", and this user has " +
                        std::string(name_of(request.access)));
        return exchange->reply(too_low(request, route));
    }
    if (auto wrong = query_problem(request, route)) return exchange->reply(*std::move(wrong));
    if (!route.body && !request.body.empty())
        return exchange->reply(problem(Kind::bad_request, "this request takes no body"));
    try {
        route.handle({context, exchange, std::move(parameters)});
    } catch (const std::exception& e) {
        base::log::error("a request failed by a mistake of ours",
                         {{"method", request.method}, {"target", request.target}, {"what", e.what()}});
        exchange->reply(problem(Kind::internal, "a mistake of ours; the daemon's log says more"));
    }
}

} // namespace

void dispatch(Context& context, const ExchangePtr& exchange)
{
    const auto& request = exchange->request();
    const std::string_view wanted = request.is_head() ? std::string_view{"GET"} : request.method;
    std::vector<std::string> allowed;
    for (std::size_t i = 0; i < routes().size(); ++i) {
        auto parameters = match(patterns()[i], request.segments);
        if (!parameters) continue;
        const auto& route = routes()[i];
        if (route.method == wanted) {
            exchange->count_in(context.tally, i);
            return call(context, exchange, route, *std::move(parameters));
        }
        allowed.emplace_back(route.method);
        if (route.method == "GET") allowed.emplace_back("HEAD");
    }
    exchange->count_in(context.tally, RequestTally::npos);
    exchange->reply(allowed.empty() ? no_such_path(request) : wrong_method(request, allowed));
}

} // namespace processd::api
