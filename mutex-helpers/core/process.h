// SPDX-License-Identifier: GPL-3.0-or-later
// mutex-helpers/core/process.h: what a helper makes of the process it finds itself in. ctdbd starts it with descriptors
// that are none of its business, with signals ignored, and with a standard error that it shares with everybody.
#pragma once

#include "helpers/base/time.h"

#include <optional>
#include <string>
#include <string_view>

namespace mutex {

// Closes everything above 2, gives what is missing of 0, 1 and 2 to /dev/null, sets every signal to its default but
// SIGPIPE, which stays ignored (a line nobody reads must not end a holder), and unblocks all of them. Keeps the base
// name of argv[0] for say().
void clean_process(const char* argv0);
const std::string& program_name();
void name_program(std::string_view name); // say another one

// "PROGRAM: text" as one line on standard error. Never waits: where nobody reads, the line is dropped.
void say(std::string_view text);
// The line without the program's name, for texts that CTDB's own helpers write so.
void say_plain(std::string_view text);

// A child that was forked lets go of standard output, whose end of file is the word that the mutex is lost, and of all
// descriptors but the one given (or -1), which becomes number 3 (then returned).
int keep_only(int fd);

// After the fork, in the parent: waits for the child's first word on a socket, which it sends after keep_only(), or for
// its end. Before that there would be no end of file on standard output if we let go. At most a second.
void wait_for_word(int socket);

// For poll(): does not end before the time has come, and looks again after an hour at the latest. None: -1.
int poll_timeout(std::optional<base::Time> when);

} // namespace mutex
