// SPDX-License-Identifier: GPL-3.0-or-later
#include "statd-callout/helper/settings.h"

#include "helpers/command/command.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sys/stat.h>

namespace callout {
namespace {

constexpr std::array<const char*, 13> names{"CTDB_BASE",
                                            "CTDB_SCRIPT_VARDIR",
                                            "CTDB_TEST_MODE",
                                            "CTDB_TEST_TMP_DIR",
                                            "CTDB_STATD_CALLOUT_SHARED_STORAGE",
                                            "CTDB_STATD_CALLOUT_CONFIG_FILE",
                                            "CTDB_STATD_CALLOUT_STATE_DIR",
                                            "CTDB_STATD_CALLOUT_DURABILITY",
                                            "CTDB_STATD_CALLOUT_MOUNTD",
                                            "CTDB_STATD_CALLOUT_SM_DIR",
                                            "CTDB_STATD_CALLOUT_NOTIFY",
                                            "CTDB_NFS_SHARED_STATE_DIR",
                                            "NFS_HOSTNAME"};

bool is_directory(const std::string& path)
{
    struct stat st {};
    return ::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

} // namespace

base::Result<Settings> load_settings()
{
    // Whatever the files print is not ours; what they set is, each with a NUL behind.
    std::string script = "[ -n \"$CTDB_BASE\" ] || CTDB_BASE=/etc/ctdb\n"
                         "for f in \"$CTDB_BASE/script.options\" \"$CTDB_BASE/events/legacy/60.nfs.options\"; do\n"
                         "[ ! -r \"$f\" ] || . \"$f\" >/dev/null\ndone\n";
    for (const char* name : names) script += std::string("printf '%s\\0' \"$") + name + "\"\n";
    const auto ran = command::run({"sh", "-c", script}, {}, std::chrono::seconds{10});
    if (!ran) return tl::unexpected(ran.error());
    if (!ran->good())
        return base::fail(base::Errc::bad_input, "reading script.options and 60.nfs.options: sh " + ran->reason());
    Variables variables;
    std::string_view rest = ran->out;
    for (const char* name : names) {
        const auto end = rest.find('\0');
        if (end == std::string_view::npos) return base::fail(base::Errc::bad_input, "an option file ended the shell");
        variables[name] = rest.substr(0, end);
        rest.remove_prefix(end + 1);
    }
    auto settings = make_settings(variables, is_directory);
    if (settings) settings->ctdb = command::ctdb_command();
    return settings;
}

base::Result<Settings> make_settings(const Variables& variables, bool (*has_directory)(const std::string&))
{
    const auto value = [&variables](const char* name, const std::string& otherwise) {
        const auto found = variables.find(name);
        return found == variables.end() || found->second.empty() ? otherwise : found->second;
    };
    Settings settings;
    const bool test = !value("CTDB_TEST_MODE", "").empty();
    const auto test_directory = value("CTDB_TEST_TMP_DIR", "");
    settings.script_directory = value("CTDB_SCRIPT_VARDIR", "/var/lib/ctdb/scripts");
    settings.own_directory = settings.script_directory + "/service/nfs/statd_callout";
    settings.kept_directory = value("CTDB_STATD_CALLOUT_STATE_DIR", "/var/lib/ctdb-processd/statd");
    settings.config_file = value("CTDB_STATD_CALLOUT_CONFIG_FILE", settings.script_directory + "/statd_callout.conf");
    settings.durability = value("CTDB_STATD_CALLOUT_DURABILITY", "data");
    settings.host_name = value("NFS_HOSTNAME", "");
    settings.mountd = value("CTDB_STATD_CALLOUT_MOUNTD", "no");
    const auto durable = {"none", "data", "dir"};
    if (std::find(durable.begin(), durable.end(), settings.durability) == durable.end())
        return base::fail(base::Errc::bad_input,
                          "CTDB_STATD_CALLOUT_DURABILITY is none, data or dir, not \"" + settings.durability + "\"");

    const auto sender = value("CTDB_STATD_CALLOUT_NOTIFY", "native");
    if (sender != "native" && sender != "sm-notify")
        return base::fail(base::Errc::bad_input,
                          "CTDB_STATD_CALLOUT_NOTIFY is native or sm-notify, not \"" + sender + "\"");
    settings.uses_sm_notify = sender == "sm-notify";

    settings.sm_directory = value("CTDB_STATD_CALLOUT_SM_DIR", "");
    if (settings.sm_directory.empty() && test && !test_directory.empty())
        settings.sm_directory = test_directory + "/sm";
    for (const char* usual : {"/var/lib/nfs/statd/sm", "/var/lib/nfs/sm"})
        if (settings.sm_directory.empty() && has_directory(usual)) settings.sm_directory = usual;

    const auto storage = value("CTDB_STATD_CALLOUT_SHARED_STORAGE", "persistent_db");
    const auto mode = storage.substr(0, storage.find(':'));
    const auto location = mode.size() < storage.size() ? storage.substr(mode.size() + 1) : std::string();
    if (mode == "persistent_db") {
        settings.db = location.empty() ? "ctdb_statd_callout.tdb" : location;
    } else if (mode == "shared_dir") {
        settings.storage = Storage::shared_dir;
        settings.shared_directory = location.empty() ? "statd" : location;
        if (settings.shared_directory.front() != '/') {
            const auto shared = value("CTDB_NFS_SHARED_STATE_DIR", "");
            if (shared.empty()) return base::fail(base::Errc::bad_input, "CTDB_NFS_SHARED_STATE_DIR is not set");
            settings.shared_directory = shared + "/" + settings.shared_directory;
        }
        if (test && !test_directory.empty()) settings.shared_directory = test_directory + settings.shared_directory;
    } else if (mode == "none") {
        settings.storage = Storage::none;
    } else {
        return base::fail(base::Errc::bad_input, "CTDB_STATD_CALLOUT_SHARED_STORAGE=" + storage +
                                                     ": the mode is persistent_db, shared_dir or none");
    }
    return settings;
}

} // namespace callout
