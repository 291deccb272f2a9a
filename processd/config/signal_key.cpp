// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/signal_key.h"

#include "processd/model/outcome.h"

#include <csignal>

namespace processd::config {

void read_signal(TableReader& keys, std::string& signal)
{
    const Entry* entry = keys.find("signal");
    if (entry == nullptr) return;
    const auto* name = std::get_if<std::string>(&entry->value.data);
    if (name == nullptr) {
        const auto* number = std::get_if<std::int64_t>(&entry->value.data);
        const bool known = number != nullptr && *number >= 1 && *number <= SIGRTMAX;
        const auto right = known ? model::signal_name(static_cast<int>(*number)) : "SIGTERM";
        return keys.must_be(*entry, "a signal's name in a string, like " + quoted(right));
    }
    const auto number = model::signal_number(*name);
    if (number) {
        const auto full = model::signal_name(*number);
        signal = full.starts_with("SIG") ? full.substr(3) : std::to_string(*number);
        return;
    }
    std::vector<std::string> names;
    for (int s = 1; s <= SIGRTMAX; ++s) {
        const auto full = model::signal_name(s);
        if (full.starts_with("SIG")) names.push_back(name->starts_with("SIG") ? full : full.substr(3));
    }
    keys.complain(*entry, R"("signal" must be a signal's name, like "TERM" or "SIGUSR1", not )" + quoted(*name) +
                              did_you_mean(*name, {names.begin(), names.end()}));
}

} // namespace processd::config
