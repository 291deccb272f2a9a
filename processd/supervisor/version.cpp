// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/version.h"

namespace processd::supervisor {

// Whole and in one place, so that tests make programs of another version by changing it.
const char* version() noexcept { return PROCESSD_VERSION; }

} // namespace processd::supervisor
