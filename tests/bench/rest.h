// SPDX-License-Identifier: GPL-3.0-or-later
// tests/bench/rest.h: one client that runs one command again and again over one kept connection.
#pragma once

#include "helpers/client/connection.h"

#include <string>
#include <vector>

namespace bench {

class Runner {
public:
    Runner(const std::string& socket, const std::vector<std::string>& command);

    // Runs the command once, from request to ended record; microseconds. Ends the program if it did not exit with 0.
    double run();

private:
    client::Connection connection_;
    client::Request request_;
};

} // namespace bench
