// SPDX-License-Identifier: GPL-3.0-or-later
// mutex-helpers/etcd/config.h: the configuration file of ctdb_mutex_etcd_helper, "key = value" lines
// (docs/man/ctdb_mutex_etcd_helper.8).
#pragma once

#include "helpers/base/result.h"

#include "helpers/base/time.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace etcd {

struct Config {
    std::vector<std::string> endpoints{"http://127.0.0.1:2379"}; // no slash at the end
    std::string lock = "ctdb/cluster_lock";                      // the key in etcd
    std::chrono::seconds ttl{9};
    std::string ca_cert, cert, key, username, password;
    friend bool operator==(const Config&, const Config&) = default;
};

// Errc::bad_input with the number of the line and what would be right.
base::Result<Config> parse_config(std::string_view text);

// How long a lease of this length, asked for now, is surely ours. The rest is for the guard and for clocks' rates.
base::Duration safe_part(std::chrono::seconds ttl);

} // namespace etcd
