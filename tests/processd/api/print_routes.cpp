// SPDX-License-Identifier: GPL-3.0-or-later
// Prints the route table and the table of problem kinds as JSON, for contract-is-kept.py.
#include "processd/api/problem.h"
#include "processd/api/route.h"

#include <iostream>
#include <nlohmann/json.hpp>

int main()
{
    using namespace processd;
    nlohmann::json routes = nlohmann::json::array();
    for (const auto& route : api::routes())
        routes.push_back({{"method", route.method},
                          {"path", route.path},
                          {"access", name_of(route.access)},
                          {"query", route.query},
                          {"body", route.body}});
    nlohmann::json kinds = nlohmann::json::object();
    for (const auto& row : api::kinds()) kinds[std::string(row.name)] = row.status;
    std::cout << nlohmann::json{{"routes", routes}, {"kinds", kinds}} << '\n';
}
