// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/core/course.h"

#include <catch2/catch.hpp>

using namespace mutex;
using namespace std::chrono_literals;

namespace {

const base::Time t0{1000s};
const Rules rules{1s, 7, "too late", "cannot let go"};

// What a step did, in one line: the state it led to with its numbers, the byte, the words.
std::string told(const Step& step)
{
    struct Name {
        std::string operator()(const Asking&) const { return "asking"; }
        std::string operator()(const Holding& s) const
        {
            return s.valid_until ? "holding " + std::to_string((*s.valid_until - t0) / 1s) : "holding";
        }
        std::string operator()(const LettingGo& s) const
        {
            return "letting go " + std::to_string((s.leave_by - t0) / 1s) + " exit " + std::to_string(s.exit_code);
        }
        std::string operator()(const Ended& s) const { return "ended exit " + std::to_string(s.exit_code); }
    };
    auto line = std::visit(Name{}, step.next);
    if (step.byte) line += std::string(" byte ") + static_cast<char>(*step.byte);
    if (!step.say.empty()) line += " \"" + step.say + "\"";
    return line;
}

const std::vector<Input> inputs{Took{},    Took{t0 + 9s}, Contended{},      Failed{"why"}, Renewed{t0 + 12s},
                                Lost{"L"}, LetGo{},       ParentGone{"PG"}, AskedToEnd{},  Tick{}};

void check_row(const State& state, base::Time now, const std::vector<std::string>& wanted)
{
    REQUIRE(wanted.size() == inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        CAPTURE(i);
        CHECK(told(step(rules, state, inputs[i], now)) == wanted[i]);
    }
}

} // namespace

TEST_CASE("who asks answers with at most one byte", "[mutex][course]")
{
    check_row(Asking{t0 + 4s}, t0 + 1s,
              {"holding byte 0", "holding 9 byte 0", "ended exit 0 byte 1", "ended exit 0 byte 3 \"why\"", "asking",
               "asking", "asking", "letting go 2 exit 0 \"PG\"", "letting go 2 exit 0", "asking"});
    CHECK(told(step(rules, Asking{t0 + 4s}, Tick{}, t0 + 4s)) == "ended exit 0 byte 2 \"too late\"");
}

TEST_CASE("who holds without an end ends only for a reason", "[mutex][course]")
{
    check_row(Holding{}, t0 + 1s,
              {"holding", "holding", "holding", "holding", "holding 12", "letting go 2 exit 7 \"L\"", "holding",
               "letting go 2 exit 0 \"PG\"", "letting go 2 exit 0", "holding"});
}

TEST_CASE("a lease that was not renewed is given up before somebody else can have it", "[mutex][course]")
{
    const State leased = Holding{t0 + 9s};
    CHECK(told(step(rules, leased, Tick{}, t0 + 9s - 1ns)) == "holding 9");
    CHECK(told(step(rules, leased, Tick{}, t0 + 9s)) == "letting go 10 exit 7 \"lock lost - not renewed in time\"");
    CHECK(told(step(rules, Asking{t0 + 99s}, Took{t0 + 9s}, t0 + 9s)) == "letting go 10 exit 0 byte 2 \"too late\"");
    CHECK(deadline(leased) == t0 + 9s);
    CHECK(deadline(Holding{}) == std::nullopt);
}

TEST_CASE("who lets go takes nothing any more and is not waited for forever", "[mutex][course]")
{
    const State letting = LettingGo{t0 + 2s, 7};
    const std::string same = "letting go 2 exit 7";
    check_row(letting, t0 + 1s, {same, same, same, same, same, same, "ended exit 7", same, same, same});
    CHECK(told(step(rules, letting, Tick{}, t0 + 2s)) == "ended exit 7 \"cannot let go\"");
}

TEST_CASE("the end is the end", "[mutex][course]")
{
    check_row(Ended{3}, t0 + 99s, std::vector<std::string>(inputs.size(), "ended exit 3"));
    CHECK(deadline(Ended{3}) == std::nullopt);
}
