// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/base/lock_file.h: an exclusive flock on a file of its own, held until the descriptor closes. The kernel
// lets go of it when its holder ends, however it ends.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"
#include "helpers/base/unique_fd.h"

#include <string>

namespace base {

// Makes the file if need be. Errc::timed_out if somebody else holds it all that time.
Result<UniqueFd> lock_file(const std::string& path, Duration timeout);

} // namespace base
