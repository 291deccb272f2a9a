// SPDX-License-Identifier: GPL-3.0-or-later
// What a client may send, through everything that looks at it before a handler does anything: the HTTP parser, the
// target, query values, and the body of a run request. The first byte says how the rest is cut into reads, which must
// not matter.
#include "processd/api/parser.h"
#include "processd/api/query.h"
#include "processd/api/run_request.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace processd::api;

// Every request until the first error, put into words.
std::string story_of(std::string_view bytes, std::size_t step)
{
    Parser parser({2048, 8192});
    std::string story;
    std::string kept;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        kept += bytes.substr(at, step);
        for (;;) {
            kept.erase(0, parser.feed(kept));
            if (parser.state() != Parser::State::done) break;
            auto request = parser.take();
            story +=
                request.method + " " + request.target + " " + request.body + (request.keep_alive ? "\n" : " end\n");
            if (!split_target(request)) continue;
            Query query(request);
            (void)query.wait();
            (void)query.token("after");
            (void)query.time("since", base::wall_from_ns(1'800'000'000'000'000'000));
            (void)query.number("limit", 1, 1000, 100);
            (void)query.flag("follow");
            (void)request.accepts("application/x-ndjson");
            (void)run_request_from(request);
        }
        if (parser.state() == Parser::State::failed) {
            if (parser.status() < 400) std::abort();
            return story + "failed";
        }
    }
    return story;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
    const auto whole = story_of(bytes, bytes.size());
    const auto pieces = story_of(bytes, data[0] % 64U + 1U);
    // Cut into pieces an error may be seen later, never earlier, and what came before it is the same.
    const bool failed = whole.ends_with("failed");
    if (!failed && whole != pieces) std::abort();
    if (failed && pieces.compare(0, whole.size() - 6, whole, 0, whole.size() - 6) != 0) std::abort();
    return 0;
}
