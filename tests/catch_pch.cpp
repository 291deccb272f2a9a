// SPDX-License-Identifier: GPL-3.0-or-later
// The precompiled header needs one source of its own: the one with main() must see Catch2 afresh.
