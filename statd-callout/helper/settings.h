// SPDX-License-Identifier: GPL-3.0-or-later
// statd-callout/helper/settings.h: where things are and how they are configured, as CTDB's event scripts have it:
// variables of the environment, over them the shell assignments in $CTDB_BASE/script.options and
// events/legacy/60.nfs.options.
#pragma once

#include "helpers/base/result.h"

#include <map>
#include <string>
#include <vector>

namespace callout {

enum class Storage { persistent_db, shared_dir, none };

struct Settings {
    Storage storage = Storage::persistent_db;
    std::string db, shared_directory; // the one that the storage needs

    std::string script_directory; // CTDB's, emptied when ctdbd starts
    std::string own_directory;    // of CTDB's helper, in it
    std::string kept_directory;   // ours, which nobody empties
    std::string config_file;
    std::string sm_directory; // rpc.statd's; its owner is who runs the callout
    std::string durability, mountd;
    std::string host_name;       // NFS_HOSTNAME; empty: nfs.conf may have it
    bool uses_sm_notify = false; // nfs-utils' program in place of our own sender
    std::vector<std::string> ctdb;

    [[nodiscard]] std::string queue_directory() const { return kept_directory + "/queue"; }
    [[nodiscard]] std::string taken_directory() const { return kept_directory + "/taken"; }
    [[nodiscard]] std::string address_cache() const { return script_directory + "/my-public-ip-addresses"; }
    [[nodiscard]] std::string kept_addresses() const { return kept_directory + "/my-public-ip-addresses"; }
    [[nodiscard]] std::string new_addresses() const { return own_directory + "/new_ips.txt"; }
};

// Runs a shell to read the option files.
base::Result<Settings> load_settings();

using Variables = std::map<std::string, std::string>;
// The decisions of load_settings; directories that exist are told by has_directory.
base::Result<Settings> make_settings(const Variables& variables, bool (*has_directory)(const std::string&));

} // namespace callout
