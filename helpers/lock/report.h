// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/lock/report.h: what is said about helpers that wait for too long, and to whom.
//
// Reporter is the seam. Today there is one that writes a line to stderr, which ctdbd logs; what tells ctdb-processd
// over its socket (helpers/client) becomes another one in make_reporter. tell() is called from a thread that holds no
// lock and that nobody waits for before the byte; it should give up after a second or so all the same, and must not
// throw.
#pragma once

#include "helpers/base/time.h"
#include "helpers/lock/holders.h"

#include <memory>
#include <string>
#include <vector>

namespace lock {

// One for all helpers of a ctdbd that wait for locks of the same database (see stampede.h): at the threshold, then at
// each doubling of the time while it goes on, and at its end.
struct Report {
    enum class Moment { waiting, over };

    Moment moment = Moment::waiting;
    std::string database;     // path
    Kind kind = Kind::record; // what the helper that reports asked for; key: which record
    std::string key;
    base::Duration waited{}; // of the one that waits longest
    unsigned helpers = 0;    // wait past the threshold now
    unsigned peak = 0;       // the most that did at one time
    unsigned in_kernel = 0;  // processes of any kind that wait for fcntl locks of the file; 0 with mutexes
    std::vector<Holder> holders;

    friend bool operator==(const Report&, const Report&) = default;
};

class Reporter {
public:
    Reporter() = default;
    Reporter(const Reporter&) = delete;
    Reporter& operator=(const Reporter&) = delete;
    virtual ~Reporter() = default;
    virtual void tell(const Report& report) = 0;
};

std::unique_ptr<Reporter> make_reporter();

// The holders as one value of a line: "4711 smbd (S), 4712 ctdbd (T)" and how many more.
std::string holders_text(const std::vector<Holder>& holders);
// A key as it stands in a line: hexadecimal, cut where ctdbd's lines (1 KiB) would not take it.
std::string key_text(const std::string& key);

} // namespace lock
