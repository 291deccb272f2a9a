// SPDX-License-Identifier: GPL-3.0-or-later
// processd/supervisor/version.h: the version of the package that this manager is of.
#pragma once

namespace processd::supervisor {

const char* version() noexcept;

} // namespace processd::supervisor
