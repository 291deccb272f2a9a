// SPDX-License-Identifier: GPL-3.0-or-later
// ctdb_nodes: the list of nodes for ctdbd, from wherever it comes. Without a command it prints the last good list and
// waits for nothing; refresh replaces that list, reconcile has the cluster take it over. docs/nodes.md,
// docs/man/ctdb_nodes.8.
#include "helpers/base/duration.h"
#include "helpers/base/log.h"
#include "helpers/nodes/file.h"
#include "helpers/nodes/reconcile.h"
#include "helpers/nodes/refresh.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <getopt.h>
#include <string_view>
#include <unistd.h>

namespace {

constexpr int ok = 0, failed = 1, wrong_usage = 2;
constexpr const char* usual_file = "/var/lib/ctdb-processd/nodes";

void usage(FILE* to)
{
    std::fputs("Usage: ctdb_nodes [print] [--file PATH]\n"
               "       ctdb_nodes refresh [--file PATH] [--timeout DURATION] [--tries N] [--delay DURATION] -- COMMAND "
               "[ARG…]\n"
               "       ctdb_nodes reconcile [--file PATH] [--timeout DURATION]\n"
               "\n"
               "print (the default) prints the last good list of nodes. refresh asks COMMAND for a new one and keeps "
               "it if it\n"
               "is good. reconcile has the running cluster take the list over.\n"
               "  --file PATH         the list; default CTDB_NODES_FILE or /var/lib/ctdb-processd/nodes\n"
               "  --timeout DURATION  refresh: for one try (10s); reconcile: for everything (2m)\n"
               "  --tries N           how often COMMAND is tried (3)\n"
               "  --delay DURATION    before it is tried again, doubles (1s)\n"
               "  --help\n",
               to);
}

[[noreturn]] void refuse(const std::string& sentence)
{
    std::fprintf(stderr, "ctdb_nodes: %s\n", sentence.c_str());
    usage(stderr);
    std::exit(wrong_usage);
}

int complain(const base::Error& error)
{
    base::log::error(error.message());
    return failed;
}

struct Given {
    std::string file;
    std::optional<base::Duration> timeout, delay;
    std::optional<unsigned> tries;
    std::vector<std::string> command;
};

base::Duration duration_of(const char* option, const char* text)
{
    const auto duration = base::parse_duration(text);
    if (!duration) refuse(std::string(option) + ": " + duration.error().message());
    return *duration;
}

unsigned tries_of(std::string_view text)
{
    unsigned value = 0;
    const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || rest != text.data() + text.size() || value == 0 || value > 1000)
        refuse("--tries wants a number from 1 to 1000");
    return value;
}

Given parse_options(int argc, char** argv)
{
    Given given;
    const char* file = std::getenv("CTDB_NODES_FILE");
    given.file = file != nullptr && *file != '\0' ? file : usual_file;
    const std::array<option, 6> options{{{"file", required_argument, nullptr, 'f'},
                                         {"timeout", required_argument, nullptr, 't'},
                                         {"tries", required_argument, nullptr, 'n'},
                                         {"delay", required_argument, nullptr, 'd'},
                                         {"help", no_argument, nullptr, 'h'},
                                         {nullptr, 0, nullptr, 0}}};
    for (int c = 0; (c = ::getopt_long(argc, argv, "+", options.data(), nullptr)) != -1;) switch (c) {
        case 'f': given.file = optarg; break;
        case 't': given.timeout = duration_of("--timeout", optarg); break;
        case 'n': given.tries = tries_of(optarg); break;
        case 'd': given.delay = duration_of("--delay", optarg); break;
        case 'h': usage(stdout); std::exit(ok);
        default: usage(stderr); std::exit(wrong_usage);
        }
    given.command.assign(argv + optind, argv + argc);
    return given;
}

// All or nothing, in one write: ctdbd looks neither at the exit code nor at whether it has got everything.
int print(const Given& given)
{
    const auto text = nodes::read_file(given.file);
    if (!text) return complain(text.error());
    const auto list = nodes::parse_lines(*text, false);
    if (!list) return complain({list.error().code, given.file + ": " + list.error().context});
    if (list->empty()) return complain({make_error_code(base::Errc::corrupt), given.file + " is empty"});
    const auto lines = nodes::format_lines(*list);
    for (std::string_view rest = lines; !rest.empty();) {
        const auto n = ::write(STDOUT_FILENO, rest.data(), rest.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return complain({{errno, std::generic_category()}, "standard output"});
        rest.remove_prefix(static_cast<std::size_t>(n));
    }
    return ok;
}

int refresh(const Given& given)
{
    if (given.command.empty()) refuse("refresh wants a command that prints the list");
    nodes::RefreshOptions options{given.file, given.command};
    if (given.timeout) options.timeout = *given.timeout;
    if (given.delay) options.delay = *given.delay;
    if (given.tries) options.tries = *given.tries;
    const auto result = nodes::refresh(options);
    if (!result) return complain({result.error().code, result.error().message() + "; the last good list stays"});
    if (!result->changes.none())
        base::log::info("the node list has changed",
                        {{"file", given.file}, {"changes", nodes::changes_text(result->list, result->changes)}});
    return ok;
}

int reconcile(const Given& given)
{
    nodes::ReconcileOptions options{given.file};
    if (given.timeout) options.timeout = *given.timeout;
    const auto result = nodes::reconcile(options);
    if (!result) return complain(result.error());
    base::log::info(*result);
    return ok;
}

} // namespace

int main(int argc, char** argv)
{
    base::log::set_prefix("ctdb_nodes");
    // The command first; options follow it. ctdbd calls us with nothing at all.
    std::string_view command = "print";
    if (argc > 1 && argv[1][0] != '-') {
        command = argv[1];
        --argc;
        ++argv;
    }
    const auto given = parse_options(argc, argv);
    if (command == "refresh") return refresh(given);
    if (!given.command.empty()) refuse("\"" + given.command[0] + "\" is one argument too many");
    if (command == "print") return print(given);
    if (command == "reconcile") return reconcile(given);
    refuse("there is no command \"" + std::string(command) + "\"");
}
