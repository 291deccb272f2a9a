// SPDX-License-Identifier: GPL-3.0-or-later
// processd-abilities [NAME=ERRNO…]: prints, as JSON, what a child of the daemon may do on this host; run by
// ctdb-processd for GET /v1/abilities. Arguments are what the keeper knows of itself. Exit 0, or 2 for arguments that
// mean nothing.
#include "helpers/abilities/report.h"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>

int main(int argc, char** argv)
{
    std::map<std::string, int> told;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const auto equals = word.find('=');
        int error = -1;
        if (equals != std::string_view::npos)
            std::from_chars(word.data() + equals + 1, word.data() + word.size(), error);
        if (error < 0) {
            std::fprintf(stderr, "processd-abilities: \"%s\" is not NAME=ERRNO\n", argv[i]);
            return 2;
        }
        told.emplace(word.substr(0, equals), error);
    }
    const auto text = abilities::report("daemon", told).dump() + "\n";
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
