// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/helper/drop_box.h: from the files that the callout leaves into the queue on disk.
// A file is renamed aside before it is read, and removed after its change is in the queue: what the callout writes
// meanwhile is another file, and a crash in between reads the same file again. An older callout, which writes in place,
// is given time: what is not whole yet stays aside; when it still is not after some seconds, it is taken for an add, as
// a notification too many does no harm.
#pragma once

#include "helpers/base/result.h"
#include "helpers/queued-db/queue.h"
#include "statd-callout/helper/settings.h"

namespace callout {

// How many changes were taken. One process at a time: waits for another's lock.
base::Result<std::size_t> take_files(const Settings& settings, queued_db::Queue& queue);

// The same for a directory of another version's callout; files that it does not know stay.
base::Result<std::size_t> take_files_of(const Settings& settings, const std::string& directory,
                                        queued_db::Queue& queue);

} // namespace callout
