// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/decide.h"

#include "statd-callout/helper/client_record.h"

#include <catch2/catch.hpp>

using namespace callout;
using queued_db::Decision;

TEST_CASE("only the node that has an address deletes its records, and adds are kept until somebody has it", "[callout]")
{
    Hosting hosting;
    hosting.ours = {"10.0.0.1", "10.0.0.2"};
    hosting.arrived = "10.0.0.2";
    hosting.pnn = 1;
    hosting.owners = addresses::Owners{{"10.0.0.3", 0}, {"10.0.0.4", addresses::nobody}, {"10.0.0.5", 1}};
    struct Row {
        const char* server;
        Decision add, remove;
    };
    for (const auto& [server, add, remove] : {Row{"10.0.0.1", Decision::send, Decision::send}, // ours
                                              Row{"10.0.0.2", Decision::send, Decision::drop}, // just arrived
                                              Row{"10.0.0.3", Decision::send, Decision::drop}, // another node's
                                              Row{"10.0.0.4", Decision::keep, Decision::keep}, // nobody's
                                              Row{"10.0.0.5", Decision::send, Decision::send}, // ours, says ctdbd
                                              Row{"10.0.0.6", Decision::keep, Decision::keep}}) {
        CAPTURE(server);
        const auto key = ClientRecord{server, "c", {}}.key();
        CHECK(decide({key, "1"}, hosting) == add);
        CHECK(decide({key, std::nullopt}, hosting) == remove);
    }
    hosting.owners.reset(); // ctdbd does not answer
    CHECK(decide({"statd-state@10.0.0.3@c", "1"}, hosting) == Decision::keep);
    CHECK(decide({"statd-state@10.0.0.1@c", "1"}, hosting) == Decision::send);
    CHECK(decide({"something else", "1"}, hosting) == Decision::send);
}
