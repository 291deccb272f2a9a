// SPDX-License-Identifier: GPL-3.0-or-later
// What the configuration says to the keeper, through the manager.
#include "helpers/base/log.h"
#include "processd/keeper/keeper.h"

#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace processd::keeper {

void Keeper::apply(const protocol::Settings& settings)
{
    if (settings.stop_budget_ns > 0) stop_budget_ = base::Duration{settings.stop_budget_ns};
    apply_to_socket(settings);
    set_log_level(settings.log_level);
}

void Keeper::set_log_level(std::uint32_t level)
{
    if (level > static_cast<std::uint32_t>(base::log::Level::debug)) return;
    log_level_ = level;
    base::log::set_level(static_cast<base::log::Level>(level));
}

// Who may connect. Nobody is refused on the way who may before and after: only another owner closes it for a moment.
void Keeper::apply_to_socket(const protocol::Settings& settings)
{
    const auto path = setup_.options.api_socket();
    struct stat now {};
    if (::lstat(path.c_str(), &now) < 0 || settings.api_mode > 0777) return;
    const bool other_uid = settings.api_uid != protocol::nobody && settings.api_uid != now.st_uid;
    const bool other_gid = settings.api_gid != protocol::nobody && settings.api_gid != now.st_gid;
    if (other_uid || other_gid) {
        ::chmod(path.c_str(), 0600);
        if (::lchown(path.c_str(), settings.api_uid, settings.api_gid) < 0)
            base::log::warning("the API's socket cannot be given to whom it is configured for",
                               {{"uid", settings.api_uid},
                                {"gid", settings.api_gid},
                                {"reason", std::string(::strerrordesc_np(errno))}});
    }
    ::chmod(path.c_str(), settings.api_mode);
}

} // namespace processd::keeper
