// SPDX-License-Identifier: GPL-3.0-or-later
// processd/model/service_maker.h: what the arrows of service.h's diagram have in common: beginning a start, stopping
// main, and what follows when nothing of it runs any more. Pure. Internal to service.cpp.
#pragma once

#include "processd/model/service.h"

#include <string>
#include <vector>

namespace processd::model::service {

// For a sentence: whole seconds, and milliseconds only below one.
std::string text(base::Duration d);

// One step in the making: the service to be, and what is to be done.
struct Maker {
    Service s;
    std::vector<Action> actions;
    const Context& c;

    Step become(State state, std::string reason); // empty: the reason stays
    Step stay();
    Step start_main();
    // Somebody wants it up: what came before is no reason to wait, or not to try.
    void start_afresh();
    // A start that fails in pre_start is a start, too.
    Step begin_start();
    Step stop_main(OutcomeKind why, std::string reason);
    // Nothing of it runs any more, after a failed start or the end of main: the post_stop commands, then what is next.
    Step after_end(Outcome outcome, std::string reason, std::string why);
    Step decide();
    Step main_ended(const Outcome& outcome, const std::string& why);
};

} // namespace processd::model::service
