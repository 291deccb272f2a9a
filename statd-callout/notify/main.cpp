// SPDX-License-Identifier: GPL-3.0-or-later
// statd-notify: tells NFSv3 clients that the server behind an address has restarted, so that they reclaim their locks.
// Reads lines "SERVER CLIENT" from standard input, tells all of them at once, and prints a line for each as soon as its
// outcome is known. Exit codes: 0 all were reached, 1 some were not, 2 wrong usage.
#include "helpers/base/duration.h"
#include "statd-callout/notify/sender.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <getopt.h>
#include <iostream>
#include <sstream>

namespace {

using callout::Target;

struct Options {
    std::vector<std::string> names;
    std::int32_t state = 0;
    std::chrono::milliseconds deadline{60'000};
    bool sends_address = true;
};

int usage(FILE* to, int code)
{
    std::fputs("Usage: statd-notify --state N [OPTIONS] <LIST\n"
               "LIST has lines of two words: our address, from which to tell, and the client.\n"
               "  --state N         the NSM state, an odd number above the last one that the clients were told\n"
               "  --name NAME       a name that clients know the server by, besides its address; may be repeated\n"
               "  --no-address      do not tell the address as a name\n"
               "  --deadline TIME   when to give up (default 60s)\n"
               "  --help            this text\n",
               to);
    return code;
}

bool parse(int argc, char** argv, Options& options)
{
    const std::array<option, 6> known{{{"state", required_argument, nullptr, 's'},
                                       {"name", required_argument, nullptr, 'n'},
                                       {"no-address", no_argument, nullptr, 'a'},
                                       {"deadline", required_argument, nullptr, 'd'},
                                       {"help", no_argument, nullptr, 'h'},
                                       {nullptr, 0, nullptr, 0}}};
    for (int c = 0; (c = ::getopt_long(argc, argv, "", known.data(), nullptr)) != -1;) switch (c) {
        case 's': {
            const std::string_view text = optarg;
            std::from_chars(text.data(), text.data() + text.size(), options.state);
            break;
        }
        case 'n': options.names.emplace_back(optarg); break;
        case 'a': options.sends_address = false; break;
        case 'd': {
            const auto deadline = base::parse_duration(optarg);
            if (!deadline) return false;
            options.deadline = *deadline;
            break;
        }
        case 'h': std::exit(usage(stdout, 0));
        default: return false;
        }
    return optind == argc && options.state > 0 && (options.sends_address || !options.names.empty());
}

std::vector<Target> read_targets(const Options& options, bool& good)
{
    std::vector<Target> targets;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words{line};
        Target target;
        std::string more;
        if (!(words >> target.server)) continue;
        if (!(words >> target.client) || words >> more) {
            std::fprintf(stderr, "statd-notify: not SERVER CLIENT: %s\n", line.c_str());
            good = false;
            continue;
        }
        target.state = options.state;
        target.names = options.names;
        if (options.sends_address) target.names.insert(target.names.begin(), target.server);
        targets.push_back(std::move(target));
    }
    return targets;
}

} // namespace

int main(int argc, char** argv)
{
    Options options;
    if (!parse(argc, argv, options)) return usage(stderr, 2);
    bool good = true;
    const auto targets = read_targets(options, good);
    if (!good) return 2;
    bool all = true;
    callout::notify_all(targets, options.deadline, [&](std::size_t i, const callout::Outcome& outcome) {
        const auto& target = targets[i];
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(outcome.after).count();
        if (outcome.reached)
            std::printf("reached %s %s %lldms\n", target.server.c_str(), target.client.c_str(),
                        static_cast<long long>(ms));
        else
            std::printf("unreached %s %s %s\n", target.server.c_str(), target.client.c_str(), outcome.why.c_str());
        all = all && outcome.reached;
    });
    return all ? 0 : 1;
}
