// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/queued-db/lock_file.h: an exclusive flock on a file of its own, held until the descriptor closes. The kernel
// lets go of it when its holder ends, however it ends.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"
#include "helpers/base/unique_fd.h"

#include <string>

namespace queued_db {

// Makes the file if need be. Errc::timed_out if somebody else holds it all that time.
base::Result<base::UniqueFd> lock_file(const std::string& path, base::Duration timeout);

} // namespace queued_db
