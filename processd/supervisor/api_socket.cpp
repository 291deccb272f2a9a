// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/api_socket.h"

#include <unistd.h>

namespace processd::supervisor {

ApiSocket::ApiSocket(Runs& runs, std::string prepare_program, std::function<void()> changed)
    : names_(runs, std::move(prepare_program), "[api]")
{
    names_.on_complete = std::move(changed);
}

void ApiSocket::look_up()
{
    std::set<Name> names;
    if (!spec_.socket_owner.empty()) names.insert({false, spec_.socket_owner});
    if (!spec_.socket_group.empty()) names.insert({true, spec_.socket_group});
    names_.look_up(names);
}

ApiSocket::Owner ApiSocket::owner() const
{
    const auto id = [&](const Name& name, std::uint32_t own) {
        return name.text.empty() ? own : names_.number(name).value_or(protocol::nobody);
    };
    return {id({false, spec_.socket_owner}, ::geteuid()), id({true, spec_.socket_group}, ::getegid())};
}

} // namespace processd::supervisor
