// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/abilities/report.h"

#include "helpers/abilities/probe.h"
#include "helpers/base/wall_time.h"

#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace abilities {
namespace {

using nlohmann::json;

// By number, as in linux/capability.h.
constexpr std::array<const char*, 41> capability_names{{"chown",
                                                        "dac_override",
                                                        "dac_read_search",
                                                        "fowner",
                                                        "fsetid",
                                                        "kill",
                                                        "setgid",
                                                        "setuid",
                                                        "setpcap",
                                                        "linux_immutable",
                                                        "net_bind_service",
                                                        "net_broadcast",
                                                        "net_admin",
                                                        "net_raw",
                                                        "ipc_lock",
                                                        "ipc_owner",
                                                        "sys_module",
                                                        "sys_rawio",
                                                        "sys_chroot",
                                                        "sys_ptrace",
                                                        "sys_pacct",
                                                        "sys_admin",
                                                        "sys_boot",
                                                        "sys_nice",
                                                        "sys_resource",
                                                        "sys_time",
                                                        "sys_tty_config",
                                                        "mknod",
                                                        "lease",
                                                        "audit_write",
                                                        "audit_control",
                                                        "setfcap",
                                                        "mac_override",
                                                        "mac_admin",
                                                        "syslog",
                                                        "wake_alarm",
                                                        "block_suspend",
                                                        "audit_read",
                                                        "perfmon",
                                                        "bpf",
                                                        "checkpoint_restore"}};

const char* seccomp_mode()
{
    const auto mode = status_field("Seccomp");
    return mode == "2" ? "filter" : mode == "1" ? "strict" : "none";
}

json process_json()
{
    utsname name{};
    ::uname(&name);
    auto capabilities = json::array();
    for (unsigned number = 0; number < capability_names.size(); ++number)
        if (has_capability(number)) capabilities.push_back(capability_names[number]);
    return {{"pid", ::getpid()},          {"uid", ::geteuid()},
            {"kernel", &name.release[0]}, {"capabilities", std::move(capabilities)},
            {"seccomp", seccomp_mode()},  {"no_new_privs", ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1}};
}

json ability_json(const Ability& ability, const Finding& found)
{
    const bool why = found.has != true;
    return {{"name", ability.name},
            {"what", ability.what},
            {"has", found.has ? json(*found.has) : json(nullptr)},
            {"errno", why && found.error != 0 ? json(found.error) : json(nullptr)},
            {"reason", why && found.error != 0 ? std::strerror(found.error) : ""},
            {"detail", found.detail},
            {"used_by", ability.used_by},
            {"instead", ability.instead},
            {"given_by", ability.given_by}};
}

} // namespace

std::span<const Ability> all()
{
    static const auto together = [] {
        std::vector<Ability> list;
        for (const auto& part : {process_abilities(), host_abilities(), network_abilities()})
            list.insert(list.end(), part.begin(), part.end());
        return list;
    }();
    return together;
}

json report(const std::string& by, const std::map<std::string, int>& told)
{
    auto list = json::array();
    for (const auto& ability : all()) {
        auto found = ability.probe();
        if (const auto known = told.find(ability.name); known != told.end()) {
            found.has = known->second == 0;
            found.error = known->second;
        }
        list.push_back(ability_json(ability, found));
    }
    return {{"by", by},
            {"checked", base::format_wall_time(base::wall_now())},
            {"process", process_json()},
            {"abilities", std::move(list)}};
}

} // namespace abilities
