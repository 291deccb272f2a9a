// SPDX-License-Identifier: GPL-3.0-or-later
// ctdb_mutex_check: proves on two nodes that a cluster lock string is coherent, before production
// (docs/man/ctdb_mutex_check.8). Exit 0 it is, 1 it is not, 2 it could not be checked.
#include "mutex-helpers/check/verdict.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <getopt.h>

namespace {

constexpr const char* usage_text =
    "Usage: ctdb_mutex_check [--lock STRING] [--patience SECONDS] COMMAND...\n"
    "       ctdb_mutex_check --answer\n"
    "COMMAND runs the second line on another node, as in: ctdb_mutex_check ssh node2 ctdb_mutex_check --answer\n"
    "  --lock STRING       check this one; otherwise \"cluster lock\" of ctdb.conf on both nodes\n"
    "  --patience SECONDS  how long a release may take, 60 unless given\n"
    "  --answer            be the other side\n"
    "  --help              show this\n";

int usage(FILE* to, int code)
{
    std::fputs(usage_text, to);
    return code;
}

} // namespace

int main(int argc, char** argv)
{
    std::signal(SIGPIPE, SIG_IGN);
    mutex::Question question;
    const option options[] = {{"lock", required_argument, nullptr, 'l'},
                              {"patience", required_argument, nullptr, 'p'},
                              {"answer", no_argument, nullptr, 'a'},
                              {"help", no_argument, nullptr, 'h'},
                              {nullptr, 0, nullptr, 0}};
    for (int c = 0; (c = ::getopt_long(argc, argv, "+", options, nullptr)) != -1;) switch (c) {
        case 'l': question.lock = optarg; break;
        case 'p': question.patience = std::chrono::seconds(std::strtoul(optarg, nullptr, 10)); break;
        case 'a': return mutex::answer();
        case 'h': return usage(stdout, 0);
        default: return usage(stderr, 2);
        }
    if (optind >= argc) return usage(stderr, 2);
    mutex::OwnSide here;
    mutex::FarSide there({argv + optind, argv + argc});
    return static_cast<int>(mutex::check(here, there, question, [](const std::string& line) {
        std::printf("%s\n", line.c_str());
        std::fflush(stdout);
    }));
}
