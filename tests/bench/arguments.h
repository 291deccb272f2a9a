// SPDX-License-Identifier: GPL-3.0-or-later
// tests/bench/arguments.h: NAME --key value … -- COMMAND…, as every measurement of bench-run takes it.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace bench {

class Arguments {
public:
    // Ends the program with a sentence if they are malformed.
    Arguments(int argc, char** argv);

    [[nodiscard]] std::string text(const std::string& key) const; // must be there
    [[nodiscard]] std::string text(const std::string& key, const std::string& otherwise) const;
    [[nodiscard]] int number(const std::string& key, int otherwise) const;

    std::string measurement;
    std::vector<std::string> command;

private:
    std::map<std::string, std::string> values_;
};

} // namespace bench
