// SPDX-License-Identifier: GPL-3.0-or-later
// ctdb_smnotify_helper: writes the two kinds of files that nfs-utils' sm-notify reads, in place of CTDB's program of
// that name. Exit codes: 0, or 1 with a usage text on standard output.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

int usage(const char* program)
{
    std::printf("usage: %s monitor CLIENT-IP SOURCE-IP\n       %s state N\n", program, program);
    return 1;
}

} // namespace

int main(int argc, char** argv)
{
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what == "monitor" && argc == 4) {
        // Address, program, version and procedure of the lock manager to call back, a cookie, client and server.
        constexpr unsigned char loopback[] = {127, 0, 0, 1};
        unsigned address = 0;
        std::memcpy(&address, loopback, sizeof address);
        std::printf("%08x %08x %08x %08x %032x %s %s\n", address, 100021U, 4U, 16U, 0U, argv[2], argv[3]);
        return 0;
    }
    if (what == "state" && argc == 3) {
        const int state = std::atoi(argv[2]);
        std::fwrite(&state, sizeof state, 1, stdout);
        return 0;
    }
    return usage(argc > 0 ? argv[0] : "ctdb_smnotify_helper");
}
