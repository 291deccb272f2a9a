// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/model/capabilities.h"

#include "helpers/base/nearest.h"
#include "processd/model/json_keys.h"

#include <algorithm>

namespace processd::model {

const std::vector<std::string_view>& capability_names()
{
    static const std::vector<std::string_view> names{"CAP_CHOWN",
                                                     "CAP_DAC_OVERRIDE",
                                                     "CAP_DAC_READ_SEARCH",
                                                     "CAP_FOWNER",
                                                     "CAP_FSETID",
                                                     "CAP_KILL",
                                                     "CAP_SETGID",
                                                     "CAP_SETUID",
                                                     "CAP_SETPCAP",
                                                     "CAP_LINUX_IMMUTABLE",
                                                     "CAP_NET_BIND_SERVICE",
                                                     "CAP_NET_BROADCAST",
                                                     "CAP_NET_ADMIN",
                                                     "CAP_NET_RAW",
                                                     "CAP_IPC_LOCK",
                                                     "CAP_IPC_OWNER",
                                                     "CAP_SYS_MODULE",
                                                     "CAP_SYS_RAWIO",
                                                     "CAP_SYS_CHROOT",
                                                     "CAP_SYS_PTRACE",
                                                     "CAP_SYS_PACCT",
                                                     "CAP_SYS_ADMIN",
                                                     "CAP_SYS_BOOT",
                                                     "CAP_SYS_NICE",
                                                     "CAP_SYS_RESOURCE",
                                                     "CAP_SYS_TIME",
                                                     "CAP_SYS_TTY_CONFIG",
                                                     "CAP_MKNOD",
                                                     "CAP_LEASE",
                                                     "CAP_AUDIT_WRITE",
                                                     "CAP_AUDIT_CONTROL",
                                                     "CAP_SETFCAP",
                                                     "CAP_MAC_OVERRIDE",
                                                     "CAP_MAC_ADMIN",
                                                     "CAP_SYSLOG",
                                                     "CAP_WAKE_ALARM",
                                                     "CAP_BLOCK_SUSPEND",
                                                     "CAP_AUDIT_READ",
                                                     "CAP_PERFMON",
                                                     "CAP_BPF",
                                                     "CAP_CHECKPOINT_RESTORE"};
    return names;
}

std::optional<int> capability_number(std::string_view name)
{
    const auto& names = capability_names();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<int>(found - names.begin());
}

std::uint64_t capability_bits(const Capabilities& names)
{
    std::uint64_t bits = 0;
    for (const auto& name : names)
        if (const auto number = capability_number(name)) bits |= std::uint64_t{1} << static_cast<unsigned>(*number);
    return bits;
}

std::string_view nearest_capability(std::string_view word)
{
    std::string name;
    for (const char c : word)
        name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '-' || c == ' ' ? '_' : c;
    if (!name.starts_with("CAP_")) name.insert(0, "CAP_");
    return base::nearest(name, capability_names());
}

void read_capabilities(JsonKeys& keys, const char* key, std::optional<Capabilities>& value)
{
    if (keys.find(key) == nullptr) return;
    std::vector<std::string> names;
    keys.strings(key, names);
    for (const auto& name : names) {
        if (capability_number(name)) continue;
        const auto meant = nearest_capability(name);
        return keys.object_to("\"" + std::string(key) + "\" holds names of capabilities, not \"" + name + "\"" +
                              (meant.empty() ? "" : "; did you mean \"" + std::string(meant) + "\"?"));
    }
    value.emplace(names.begin(), names.end());
}

} // namespace processd::model
