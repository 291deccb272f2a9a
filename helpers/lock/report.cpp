// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/lock/report.h"

#include "helpers/base/log.h"

namespace lock {
namespace {

constexpr std::size_t most_holders = 4, most_key_bytes = 48;

std::string lock_text(const Report& report)
{
    return report.kind == Kind::record ? "RECORD " + key_text(report.key) : "DB";
}

class ToStderr : public Reporter {
public:
    void tell(const Report& report) override
    {
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(report.waited).count();
        if (report.moment == Report::Moment::over) {
            base::log::info("the wait for locks is over",
                            {{"db", report.database}, {"waited_ms", ms}, {"peak", report.peak}});
            return;
        }
        base::log::warning("waiting for locks", {{"db", report.database},
                                                 {"lock", lock_text(report)},
                                                 {"waited_ms", ms},
                                                 {"helpers", report.helpers},
                                                 {"peak", report.peak},
                                                 {"in_kernel", report.in_kernel},
                                                 {"held_by", holders_text(report.holders)}});
    }
};

} // namespace

std::string key_text(const std::string& key)
{
    if (key.empty()) return "NULL"; // as ctdbd has it
    if (key.size() <= most_key_bytes) return encode_hex(key);
    return encode_hex(key.substr(0, most_key_bytes)) + "...";
}

std::string holders_text(const std::vector<Holder>& holders)
{
    std::string text;
    for (std::size_t i = 0; i < holders.size() && i < most_holders; ++i) {
        const auto& holder = holders[i];
        if (!text.empty()) text += ", ";
        // An open file description's lock has no process: -1.
        text += holder.pid < 0 ? "an open file" : std::to_string(holder.pid);
        if (!holder.name.empty()) text += " " + holder.name + " (" + holder.state + ")";
    }
    if (holders.size() > most_holders) text += " and " + std::to_string(holders.size() - most_holders) + " more";
    return text.empty() ? "nobody that could be found" : text;
}

std::unique_ptr<Reporter> make_reporter() { return std::make_unique<ToStderr>(); }

} // namespace lock
