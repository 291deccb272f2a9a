// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/settings.h"

#include <catch2/catch.hpp>

using namespace callout;

namespace {
base::Result<Settings> settings_of(Variables variables)
{
    return make_settings(variables, [](const std::string& path) { return path == "/var/lib/nfs/sm"; });
}
} // namespace

TEST_CASE("settings have CTDB's defaults", "[callout]")
{
    const auto settings = settings_of({});
    REQUIRE(settings);
    CHECK(settings->storage == Storage::persistent_db);
    CHECK(settings->db == "ctdb_statd_callout.tdb");
    CHECK(settings->config_file == "/var/lib/ctdb/scripts/statd_callout.conf");
    CHECK(settings->new_addresses() == "/var/lib/ctdb/scripts/service/nfs/statd_callout/new_ips.txt");
    CHECK(settings->queue_directory() == "/var/lib/ctdb-processd/statd/queue");
    CHECK(settings->sm_directory == "/var/lib/nfs/sm");
}

TEST_CASE("the storage is a mode and a place", "[callout]")
{
    CHECK(settings_of({{"CTDB_STATD_CALLOUT_SHARED_STORAGE", "persistent_db:ctdb.tdb"}})->db == "ctdb.tdb");
    CHECK(settings_of({{"CTDB_STATD_CALLOUT_SHARED_STORAGE", "none"}})->storage == Storage::none);
    CHECK(settings_of({{"CTDB_STATD_CALLOUT_SHARED_STORAGE", "shared_dir:/x/y"}})->shared_directory == "/x/y");
    CHECK(settings_of({{"CTDB_STATD_CALLOUT_SHARED_STORAGE", "shared_dir"}, {"CTDB_NFS_SHARED_STATE_DIR", "/s"}})
              ->shared_directory == "/s/statd");
    CHECK(settings_of({{"CTDB_STATD_CALLOUT_SHARED_STORAGE", "shared_dir:/x"},
                       {"CTDB_TEST_MODE", "1"},
                       {"CTDB_TEST_TMP_DIR", "/t"}})
              ->shared_directory == "/t/x");
    CHECK_FALSE(settings_of({{"CTDB_STATD_CALLOUT_SHARED_STORAGE", "shared_dir"}}));
    CHECK_FALSE(settings_of({{"CTDB_STATD_CALLOUT_SHARED_STORAGE", "somewhere"}}));
    CHECK_FALSE(settings_of({{"CTDB_STATD_CALLOUT_DURABILITY", "full"}}));
}
