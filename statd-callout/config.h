// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/config.h: the text of statd_callout.conf, as statd_callout_helper writes it (docs/nfsv3.md).
// The first three lines are CTDB's: the mode, the directory of the records, the file with the public addresses of this
// node; with mode "none" only the first. CTDB's own callout ignores further lines; ours takes "NAME = VALUE" from them.
#pragma once

#include <string_view>

namespace callout {

enum class Mode { persistent_db, shared_dir, none };
enum class Durability {
    none,
    data,
    dir
}; // what is on disk before we exit: nothing for sure, contents, contents and name

struct Config {
    Mode mode = Mode::none;
    std::string_view directory, addresses; // parts of the text that was parsed
    std::string_view last_addresses;       // "addresses = FILE": asked while the file above does not exist
    Durability durability = Durability::data;
    bool mountd = false; // "mountd = yes": mount and unmount, with which rpc.mountd calls its callout, are no errors

    friend bool operator==(const Config&, const Config&) = default;
};

struct Parsed {
    Config config;
    const char* problem = nullptr; // null if all is well
};
Parsed parse_config(std::string_view text) noexcept;

// Takes the next line, without its end, from the front of a text. False at the end of the text.
bool take_line(std::string_view& text, std::string_view& line) noexcept;

} // namespace callout
