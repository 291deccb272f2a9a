// SPDX-License-Identifier: GPL-3.0-or-later
// public-addresses: CTDB's cache of the public addresses of this node, as its event scripts write it from 4.21 on:
// /var/lib/ctdb/scripts/my-public-ip-addresses, below $CTDB_SCRIPT_VARDIR if that is set. Called by event scripts.
// Exit codes: 0 done, 1 not done, 2 wrong usage.
#include "helpers/addresses/address_file.h"
#include "helpers/addresses/owners.h"
#include "helpers/command/command.h"

#include <cstdio>
#include <cstdlib>

namespace {

constexpr auto ctdb_timeout = std::chrono::seconds{10};

int finish(const base::Result<void>& done)
{
    if (done) return 0;
    std::fprintf(stderr, "public-addresses: %s\n", done.error().message().c_str());
    return 1;
}

base::Result<void> rebuild(const addresses::AddressFile& file)
{
    const auto ctdb = command::ctdb_command();
    const auto pnn = addresses::ask_pnn(ctdb, ctdb_timeout);
    if (!pnn) return tl::unexpected(pnn.error());
    const auto owners = addresses::ask_owners(ctdb, ctdb_timeout);
    if (!owners) return tl::unexpected(owners.error());
    std::vector<std::string> ours;
    for (const auto& [address, owner] : *owners)
        if (owner == *pnn) ours.push_back(address);
    return file.replace(ours);
}

base::Result<void> print(const addresses::AddressFile& file)
{
    const auto all = file.read();
    if (!all) return tl::unexpected(all.error());
    for (const auto& address : *all) std::printf("%s\n", address.c_str());
    return {};
}

int usage(FILE* to, int code)
{
    std::fputs("Usage: public-addresses takeip IFACE IP MASKBITS       this node is about to have the address\n"
               "       public-addresses releaseip IFACE IP MASKBITS    it no longer has it\n"
               "       public-addresses ipreallocated                  ask ctdb which it has\n"
               "       public-addresses list                           print the addresses, one a line\n"
               "  --help    this text\n",
               to);
    return code;
}

} // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (!words.empty() && words[0] == "--help") return usage(stdout, 0);
    const char* directory = std::getenv("CTDB_SCRIPT_VARDIR");
    const addresses::AddressFile file{std::string(directory != nullptr ? directory : "/var/lib/ctdb/scripts") +
                                      "/my-public-ip-addresses"};
    if (words.size() == 4 && words[0] == "takeip") return finish(file.add(words[2]));
    if (words.size() == 4 && words[0] == "releaseip") return finish(file.remove(words[2]));
    if (words.size() == 1 && words[0] == "ipreallocated") return finish(rebuild(file));
    if (words.size() == 1 && words[0] == "list") return finish(print(file));
    return usage(stderr, 2);
}
