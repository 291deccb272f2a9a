// SPDX-License-Identifier: GPL-3.0-or-later
// docs/keeper-protocol.md describes the bytes; this compares its tables with the structs. `test-protocol '[.print]'`
// prints the tables as they should be.
#include "processd/protocol/message.h"
#include "processd/protocol/ring.h"

#include <catch2/catch.hpp>
#include <cstddef>
#include <fstream>
#include <iostream>
#include <iterator>
#include <regex>
#include <sstream>

using namespace processd::protocol;

namespace {

struct Field {
    std::string structure;
    std::string name;
    std::size_t offset;
    std::size_t size;
};

#define FIELD(structure, field)                                                                                        \
    Field { #structure, #field, offsetof(structure, field), sizeof(structure::field) }

const std::vector<Field>& fields()
{
    static const std::vector<Field> all{
        FIELD(Header, magic),
        FIELD(Header, version),
        FIELD(Header, type),
        FIELD(Header, size),
        FIELD(Header, reserved),
        FIELD(Header, seq),
        FIELD(Header, read_seq),
        FIELD(Hello, epoch),
        FIELD(Hello, keeper_pid),
        FIELD(Hello, incarnation),
        FIELD(Hello, previous_end),
        FIELD(Hello, previous_status),
        FIELD(Hello, started_mono_ns),
        FIELD(Hello, started_wall_ns),
        FIELD(Hello, proof),
        FIELD(Hello, stopping),
        FIELD(Hello, stop_deadline_ns),
        FIELD(Hello, next_child_id),
        FIELD(Hello, abilities),
        FIELD(Hello, orphans_reaped),
        FIELD(Hello, children),
        FIELD(Hello, newest_line),
        FIELD(Hello, boot_id),
        FIELD(Hello, cgroup),
        FIELD(Hello, ability_errors),
        FIELD(Hello, controllers),
        FIELD(Hello, upgrades),
        FIELD(Hello, reserved),
        FIELD(Hello, version),
        FIELD(ChildState, id),
        FIELD(ChildState, request_id),
        FIELD(ChildState, pid),
        FIELD(ChildState, phase),
        FIELD(ChildState, flags),
        FIELD(ChildState, stage),
        FIELD(ChildState, stage_errno),
        FIELD(ChildState, attribute),
        FIELD(ChildState, reduced),
        FIELD(ChildState, wait_status),
        FIELD(ChildState, started_mono_ns),
        FIELD(ChildState, started_wall_ns),
        FIELD(ChildState, exited_mono_ns),
        FIELD(ChildState, exited_wall_ns),
        FIELD(ChildState, user_us),
        FIELD(ChildState, system_us),
        FIELD(ChildState, max_rss_kb),
        FIELD(ChildState, minor_faults),
        FIELD(ChildState, major_faults),
        FIELD(ChildState, blocks_in),
        FIELD(ChildState, blocks_out),
        FIELD(ChildState, switches),
        FIELD(ChildState, preemptions),
        FIELD(ChildState, ring_head),
        FIELD(ChildState, consumed),
        FIELD(ChildState, seen),
        FIELD(ChildState, consumed_counts),
        FIELD(ChildState, ready_mono_ns),
        FIELD(ChildState, watchdog_mono_ns),
        FIELD(ChildState, extend_mono_ns),
        FIELD(ChildState, emptying),
        FIELD(ChildState, proof),
        FIELD(ChildState, survivor_count),
        FIELD(ChildState, survivors),
        FIELD(ChildState, stranger_count),
        FIELD(ChildState, strangers),
        FIELD(ChildState, ring_size),
        FIELD(ChildState, cookie_size),
        FIELD(ChildState, status),
        FIELD(Stop, deadline_mono_ns),
        FIELD(Figures, orphans_reaped),
        FIELD(Upgrade, answer),
        FIELD(Upgrade, reserved),
        FIELD(Upgrade, version),
        FIELD(Upgrade, reason),
        FIELD(Spawn, request_id),
        FIELD(Spawn, cookie_size),
        FIELD(Spawn, reserved),
        FIELD(Signal, child),
        FIELD(Signal, signal),
        FIELD(Signal, scope),
        FIELD(Child, child),
        FIELD(Child, cookie_size),
        FIELD(Child, reserved),
        FIELD(Watch, child),
        FIELD(Watch, consumed),
        FIELD(Watch, seen),
        FIELD(Watch, counts),
        FIELD(Watch, newest_line),
        FIELD(Settings, stop_budget_ns),
        FIELD(Settings, api_mode),
        FIELD(Settings, log_level),
        FIELD(Settings, api_uid),
        FIELD(Settings, api_gid),
        FIELD(RingHeader, magic),
        FIELD(RingHeader, size),
        FIELD(RingHeader, child),
        FIELD(RingHeader, head),
        FIELD(RingHeader, tail),
        FIELD(RingHeader, written),
        FIELD(ChunkHeader, size),
        FIELD(ChunkHeader, stream),
        FIELD(ChunkHeader, reserved),
        FIELD(ChunkHeader, mono_ns),
        FIELD(ChunkHeader, wall_ns),
        FIELD(ChunkHeader, stream_offset),
    };
    return all;
}

std::string row(const Field& field)
{
    return "| " + std::to_string(field.offset) + " | " + std::to_string(field.size) + " | `" + field.name + "` |";
}

// The part of the page below "### STRUCT".
std::string section(const std::string& page, const std::string& structure)
{
    const auto start = page.find("\n### " + structure + "\n");
    if (start == std::string::npos) return "";
    return page.substr(start, page.find("\n### ", start + 1) - start);
}

} // namespace

TEST_CASE("the byte layouts in docs/keeper-protocol.md are those of the structs", "[protocol][layout]")
{
    std::ifstream in{PROTOCOL_PAGE};
    std::ostringstream text;
    text << in.rdbuf();
    const auto page = text.str();
    REQUIRE_FALSE(page.empty());
    std::map<std::string, int> rows;
    for (const auto& field : fields()) {
        INFO(field.structure << ": " << row(field));
        CHECK(section(page, field.structure).find("\n" + row(field)) != std::string::npos);
        ++rows[field.structure];
    }
    // And nothing else: a field taken away must go from the page.
    for (const auto& [structure, expected] : rows) {
        const auto part = section(page, structure);
        static const std::regex any_row{R"(\n\| \d+ \| \d+ \| `)"};
        const auto found = std::distance(std::sregex_iterator{part.begin(), part.end(), any_row}, {});
        INFO(structure);
        CHECK(found == expected);
    }
    CHECK(page.find("version " + std::to_string(version) + " ") != std::string::npos);
}

TEST_CASE("print the tables", "[.print]")
{
    std::string last;
    for (const auto& field : fields()) {
        if (field.structure != last)
            std::cout << "\n### " << field.structure << "\n\n| offset | size | field | |\n|--:|--:|---|---|\n";
        last = field.structure;
        std::cout << row(field) << "  |\n";
    }
}
