// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/api/exchange.h"

#include "helpers/base/log.h"
#include "processd/api/connection.h"
#include "processd/api/problem.h"
#include "processd/api/request_tally.h"

namespace processd::api {

Exchange::Exchange(std::weak_ptr<Connection> connection, Request request)
    : connection_(std::move(connection)), request_(std::move(request))
{
}

Exchange::~Exchange()
{
    if (!open()) {
        count(0);
        return;
    }
    base::log::error("a request was left unanswered", {{"method", request_.method}, {"target", request_.target}});
    reply(problem(Kind::internal, "the request was dropped; the daemon's log says more"));
}

bool Exchange::open() const noexcept
{
    const auto connection = connection_.lock();
    return connection && connection->answering();
}

void Exchange::count_in(RequestTally& tally, std::size_t route)
{
    tally_ = &tally;
    route_ = route;
    begun_ = base::now();
}

void Exchange::count(int status)
{
    if (auto* tally = std::exchange(tally_, nullptr)) tally->answered(route_, status, base::now() - begun_);
}

void Exchange::reply(Reply reply)
{
    count(open() ? reply.status : 0);
    if (const auto connection = std::exchange(connection_, {}).lock()) connection->reply(request_, std::move(reply));
}

void Exchange::stream(std::string content_type, std::unique_ptr<Source> source)
{
    count(open() ? 200 : 0);
    if (const auto connection = std::exchange(connection_, {}).lock())
        connection->stream(request_, std::move(content_type), std::move(source));
}

void Exchange::on_closed(std::function<void()> left)
{
    if (const auto connection = connection_.lock()) connection->on_closed(std::move(left));
}

} // namespace processd::api
