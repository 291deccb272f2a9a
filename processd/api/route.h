// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/route.h: what the API can be asked, as a table: method, path, level, query keys and handler beside one
// another in routes.cpp. docs/openapi.yaml is the contract; a test proves that both say the same.
#pragma once

#include "processd/api/exchange.h"
#include "processd/model/service_spec.h"

#include <string>
#include <string_view>
#include <vector>

namespace processd::api {

struct Context;

struct Call {
    Context& context;
    ExchangePtr exchange;
    std::vector<std::string> parameters; // of the path, in order

    [[nodiscard]] const Request& request() const { return exchange->request(); }
    void reply(Reply reply) const { exchange->reply(std::move(reply)); }
};

struct Route {
    std::string_view method;
    std::string_view path; // "/v1/services/{name}/start"
    model::Access access;
    void (*handle)(const Call&);
    std::vector<std::string_view> query{}; // keys that are known
    bool body = false;                     // takes a JSON body
};
const std::vector<Route>& routes();

// Finds the route, checks level, query keys and body, and calls the handler; answers everything else as a problem.
// An exception that escapes a handler is a bug: logged, and answered as internal.
void dispatch(Context& context, const ExchangePtr& exchange);

} // namespace processd::api
