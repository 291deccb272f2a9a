// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/host.h"

#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>

namespace processd::supervisor {
using nlohmann::json;

json controllers_of(const protocol::Hello& hello)
{
    json names = json::array();
    std::string_view rest{hello.controllers.data(), ::strnlen(hello.controllers.data(), hello.controllers.size())};
    while (!rest.empty()) {
        const auto blank = rest.find(' ');
        names.push_back(rest.substr(0, blank));
        rest.remove_prefix(blank == std::string_view::npos ? rest.size() : blank + 1);
    }
    return names;
}

} // namespace processd::supervisor
