// SPDX-License-Identifier: GPL-3.0-or-later
// statd_callout_helper: what CTDB's event scripts call for rpc.statd's callout, in place of CTDB's script of that name,
// as root:
//   statd_callout_helper startup|update|takeip IP|releaseip IP|notify|…
// Exit codes: 0 done, or nothing to do, or an unknown subcommand; 1 not done, with the reason on standard error.
#include "helpers/addresses/address_file.h"
#include "helpers/base/log.h"
#include "statd-callout/helper/notify.h"
#include "statd-callout/helper/overdue.h"
#include "statd-callout/helper/settings.h"
#include "statd-callout/helper/startup.h"
#include "statd-callout/helper/update.h"
#include "statd-callout/helper/watch.h"

namespace {

using callout::Settings;

int finish(const base::Result<void>& done, const std::string& what)
{
    if (done) return 0;
    base::log::error("not done", {{"what", what}, {"error", done.error().message()}});
    return 1;
}

// What could not be carried waits, so no event need fail.
int flush(const Settings& settings, const callout::Moving& moving = {})
{
    callout::keep_addresses(settings);
    if (const auto flushed = callout::update(settings, moving); !flushed)
        base::log::warning("records wait, they could not be carried", {{"error", flushed.error().message()}});
    return 0;
}

int tell(const base::Result<callout::Told>& told)
{
    return finish(told ? base::Result<void>{} : base::Result<void>{tl::unexpected(told.error())}, "notify");
}

int take(const Settings& settings, const std::string& address)
{
    if (auto added = addresses::AddressFile{settings.new_addresses()}.add(address); !added)
        return finish(added, "takeip");
    callout::keep_addresses(settings);
    // As many addresses as a node may take at once share the event's time; notify does what there was no time for.
    if (const auto marked = callout::mark_clients(settings, address, std::chrono::seconds{2}); !marked)
        base::log::warning("clients are not listed yet, notify will do it",
                           {{"address", address}, {"error", marked.error().message()}});
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    base::log::set_prefix("statd_callout_helper");
    const std::string what = argc > 1 ? argv[1] : "", address = argc > 2 ? argv[2] : "";
    const auto settings = callout::load_settings();
    if (!settings) {
        base::log::error("not configured", {{"error", settings.error().message()}});
        return 1;
    }
    if (what == "startup") return finish(callout::start_up(*settings), what);
    if (what == "update") callout::notify_if_overdue(*settings);
    if (what == "update" || what == "startipreallocate") return flush(*settings);
    if (what == "takeip" && argc == 3) return take(*settings, address);
    if (what == "releaseip" && argc == 3) return flush(*settings, {address, {}});
    if (what == "notify") return tell(callout::notify(*settings));
    if (what == "retry") return tell(callout::retry(*settings));
    if (what == "hand-back") return finish(callout::hand_back(*settings), what);
    if (what == "watch") return finish(callout::watch(*settings), what);
    return 0;
}
