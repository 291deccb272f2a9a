// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/lock/request.h: what ctdbd asks of a lock helper, out of its arguments:
//   ctdb_lock_helper CTDBD-PID FD RECORD PATH FLAGS KEY-HEX|NULL
//   ctdb_lock_helper CTDBD-PID FD DB     PATH FLAGS
// Pure: nothing is opened here.
#pragma once

#include "helpers/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <variant>
#include <vector>

namespace lock {

enum class Kind { record, database };

struct Request {
    pid_t ctdbd = 0;
    int result_fd = -1; // gets the one byte
    Kind kind = Kind::record;
    std::string path;
    int tdb_flags = 0;
    std::string key; // of a record: its bytes, may be empty

    friend bool operator==(const Request&, const Request&) = default;
};

// What is wrong with the arguments, in the words of the original where it has some; an empty one means usage alone.
struct Refusal {
    std::string sentence;
    friend bool operator==(const Refusal&, const Refusal&) = default;
};

// arguments are those after the program's name.
std::variant<Request, Refusal> parse_request(const std::vector<std::string_view>& arguments);

std::string usage_text(std::string_view program);

// Two digits for each byte, in either case; false for anything else.
bool decode_hex(std::string_view text, std::string& bytes);
std::string encode_hex(std::string_view bytes); // upper case, as ctdbd writes it

} // namespace lock
