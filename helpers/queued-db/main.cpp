// SPDX-License-Identifier: GPL-3.0-or-later
// queued-db: changes to a persistent CTDB database that wait on this node's disk until ctdbd takes them; for event
// scripts and people. Exit codes: 0 done, 1 not done, 2 wrong usage, 3 the queue is damaged (check), 4 not now (flush
// --if-due).
#include "helpers/base/duration.h"
#include "helpers/base/log.h"
#include "helpers/queued-db/carrier.h"
#include "helpers/queued-db/ptrans_text.h"
#include "helpers/queued-db/queue.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <getopt.h>
#include <iterator>

namespace {

using base::Result;
using queued_db::Operation;
using queued_db::Queue;

constexpr int failed = 1, wrong_usage = 2, damaged = 3, not_now = 4;

struct Options {
    std::string directory = "/var/lib/ctdb-processd/queued-db";
    std::chrono::milliseconds timeout{10'000};
    std::size_t log_bytes = queued_db::Limits{}.log_bytes;
    bool if_due = false;
    std::vector<std::string> words;
};

void usage(FILE* to)
{
    std::fputs("Usage: queued-db [OPTIONS] put DB KEY VALUE    queue: set the key\n"
               "       queued-db [OPTIONS] del DB KEY          queue: delete the key\n"
               "       queued-db [OPTIONS] load DB             queue lines of \"KEY\" \"VALUE\" from standard input, "
               "all or none\n"
               "       queued-db [OPTIONS] flush DB            carry what waits to the database, now\n"
               "       queued-db [OPTIONS] status DB           how much waits\n"
               "       queued-db [OPTIONS] list DB             what waits, as lines for ctdb ptrans\n"
               "       queued-db [OPTIONS] check DB            is the queue as it was written?\n"
               "A KEY or VALUE may be written as 0x and hex digits. An empty VALUE deletes.\n"
               "  --dir DIR        where the queues are (default /var/lib/ctdb-processd/queued-db)\n"
               "  --timeout TIME   of one transaction (default 10s)\n"
               "  --max-bytes N    what a queue may take on disk (default 67108864)\n"
               "  --if-due         flush only if no flush has failed lately\n"
               "  --help           this text\n",
               to);
}

int complain(const base::Error& error)
{
    std::fprintf(stderr, "queued-db: %s\n", error.message().c_str());
    if (error.code == base::Errc::corrupt) return damaged;
    return error.code == base::Errc::bad_input ? wrong_usage : failed;
}

Result<Operation> operation_of(std::string_view key, std::string_view value)
{
    auto parsed_key = queued_db::parse_part(key), parsed_value = queued_db::parse_part(value);
    if (!parsed_key) return base::wrap("KEY", parsed_key.error());
    if (!parsed_value) return base::wrap("VALUE", parsed_value.error());
    Operation operation{std::move(*parsed_key), std::nullopt};
    if (!parsed_value->empty()) operation.value = std::move(*parsed_value);
    return operation;
}

// What ctdb ptrans reads: "KEY" "VALUE", blanks between them, nothing after.
Result<Operation> parse_line(std::string_view line)
{
    std::array<std::string_view, 2> parts;
    for (auto& part : parts) {
        const auto open = line.find_first_not_of(" \t");
        const auto close = open == std::string_view::npos ? open : line.find('"', open + 1);
        if (close == std::string_view::npos || line[open] != '"')
            return base::fail(base::Errc::bad_input, "not \"KEY\" \"VALUE\"");
        part = line.substr(open + 1, close - open - 1);
        line.remove_prefix(close + 1);
    }
    if (line.find_first_not_of(" \t\r") != std::string_view::npos)
        return base::fail(base::Errc::bad_input, "more than \"KEY\" \"VALUE\"");
    return operation_of(parts[0], parts[1]);
}

Result<std::vector<Operation>> read_operations()
{
    std::vector<Operation> operations;
    char* line = nullptr;
    std::size_t capacity = 0, number = 0;
    for (ssize_t n = 0; (n = ::getline(&line, &capacity, stdin)) > 0;) {
        ++number;
        std::string_view text{line, static_cast<std::size_t>(n)};
        if (text.back() == '\n') text.remove_suffix(1);
        if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        auto operation = parse_line(text);
        if (!operation) return base::wrap("line " + std::to_string(number), operation.error());
        operations.push_back(std::move(*operation));
    }
    std::free(line);
    return operations;
}

int put(Queue& queue, const std::vector<Operation>& operations)
{
    const auto done = queue.put(operations);
    return done ? 0 : complain(done.error());
}

int flush(Queue& queue, const std::string& db, const Options& options)
{
    const auto carrier = queued_db::ptrans_carrier(db, options.timeout);
    const auto done = options.if_due ? queue.flush_if_due(carrier) : queue.flush(carrier);
    if (done) return 0;
    const int code = complain(done.error());
    if (!options.if_due) return code;
    const auto status = queue.status();
    return status && status->wait.count() > 0 ? not_now : code;
}

int list(const Queue& queue)
{
    const auto pending = queue.pending();
    if (!pending) return complain(pending.error());
    for (const auto& entry : *pending) std::fputs(queued_db::ptrans_line(entry.operation).value_or("").c_str(), stdout);
    return 0;
}

int status(const Queue& queue)
{
    const auto now = queue.status();
    if (!now) return complain(now.error());
    std::printf("pending %zu\nbytes %zu\nfailures %u\nwait %s\n", now->pending, now->log_bytes, now->failures,
                base::format_duration(std::chrono::ceil<std::chrono::milliseconds>(now->wait)).c_str());
    return 0;
}

int check(const Queue& queue)
{
    const auto log = queue.check();
    if (!log) return complain(log.error());
    std::printf("good, %zu entries%s\n", log->entries.size(),
                log->tail > 0 ? ", and the rest of one that a crash cut off" : "");
    return 0;
}

bool parse(int argc, char** argv, Options& options)
{
    const std::array<option, 6> known{{{"dir", required_argument, nullptr, 'd'},
                                       {"timeout", required_argument, nullptr, 't'},
                                       {"max-bytes", required_argument, nullptr, 'm'},
                                       {"if-due", no_argument, nullptr, 'i'},
                                       {"help", no_argument, nullptr, 'h'},
                                       {nullptr, 0, nullptr, 0}}};
    for (int c = 0; (c = ::getopt_long(argc, argv, "+", known.data(), nullptr)) != -1;) switch (c) {
        case 'd': options.directory = optarg; break;
        case 't': {
            const auto timeout = base::parse_duration(optarg);
            if (!timeout) {
                complain(timeout.error());
                return false;
            }
            options.timeout = *timeout;
            break;
        }
        case 'm': options.log_bytes = std::strtoull(optarg, nullptr, 10); break;
        case 'i': options.if_due = true; break;
        case 'h': usage(stdout); std::exit(0);
        default: return false;
        }
    options.words.assign(argv + optind, argv + argc);
    return options.words.size() >= 2;
}

} // namespace

int main(int argc, char** argv)
{
    base::log::set_prefix("queued-db");
    Options options;
    if (!parse(argc, argv, options)) {
        usage(stderr);
        return wrong_usage;
    }
    const auto& words = options.words;
    const auto& what = words[0];
    queued_db::Limits limits;
    limits.log_bytes = options.log_bytes;
    auto queue = Queue::open(options.directory, words[1], limits);
    if (!queue) return complain(queue.error());
    if (what == "put" && words.size() == 4) {
        const auto operation = operation_of(words[2], words[3]);
        return operation ? put(*queue, {*operation}) : complain(operation.error());
    }
    if (what == "del" && words.size() == 3) {
        const auto operation = operation_of(words[2], "");
        return operation ? put(*queue, {*operation}) : complain(operation.error());
    }
    if (what == "load" && words.size() == 2) {
        const auto operations = read_operations();
        return operations ? put(*queue, *operations) : complain(operations.error());
    }
    if (what == "flush" && words.size() == 2) return flush(*queue, words[1], options);
    if (what == "list" && words.size() == 2) return list(*queue);
    if (what == "status" && words.size() == 2) return status(*queue);
    if (what == "check" && words.size() == 2) return check(*queue);
    usage(stderr);
    return wrong_usage;
}
