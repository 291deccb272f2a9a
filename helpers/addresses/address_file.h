// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/addresses/address_file.h: a file of addresses, one a line, that several processes change and anybody reads:
// CTDB's cache of the public addresses of this node, and its list of addresses that were just taken. Writers follow
// CTDB's protocol, so that they and its scripts may take turns: an exclusive flock on FILE.lock, waited for 10 s at
// most; FILE.new.PID; rename. Readers take no lock and see the file before or after a change.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/time.h"

#include <string>
#include <string_view>
#include <vector>

namespace addresses {

class AddressFile {
public:
    explicit AddressFile(std::string path, base::Duration lock_timeout = std::chrono::seconds{10})
        : path_(std::move(path)), lock_timeout_(lock_timeout)
    {
    }

    // ENOENT if there is no file, which is not the same as no addresses.
    [[nodiscard]] base::Result<std::vector<std::string>> read() const;
    // Each makes the file if need be. An address is never there twice.
    base::Result<void> add(const std::string& address) const;
    base::Result<void> remove(const std::string& address) const;
    base::Result<void> replace(const std::vector<std::string>& all) const;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    base::Result<void> write(const std::vector<std::string>& all) const;
    std::string path_;
    base::Duration lock_timeout_;
};

// The lines of such a file; blank ones are none.
std::vector<std::string> parse_lines(std::string_view text);

} // namespace addresses
