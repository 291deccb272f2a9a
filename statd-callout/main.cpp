// SPDX-License-Identifier: GPL-3.0-or-later
// statd_callout: rpc.statd's callout on nodes of a CTDB cluster, in place of CTDB's program of that name. Called as
//   statd_callout add-client|del-client CLIENT OUR-NAME
//   statd_callout sm-notify NAME ADDRESS [STATE]
// by rpc.statd, as its user, while it waits: so no name service, no network, no ctdbd, and nothing that takes long to
// start. Exit codes: 0 done, 1 not or not wholly; what and why are on standard error and in syslog.
#include "helpers/base/unique_fd.h"
#include "statd-callout/config.h"
#include "statd-callout/names.h"
#include "statd-callout/record.h"
#include "statd-callout/report.h"
#include "statd-callout/text.h"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>

namespace {

using callout::complain;

constexpr std::string_view script_directory = "/var/lib/ctdb/scripts"; // CTDB_SCRIPT_VARDIR
// CTDB empties the directory above whenever ctdbd starts; rpc.statd does not wait until it is filled again.
constexpr std::string_view kept_config = "/var/lib/ctdb-processd/statd/statd_callout.conf";
constexpr std::size_t max_file = 65536; // more than a thousand addresses

struct File {
    std::array<char, max_file> bytes;
    std::string_view text;
    int error = 0; // errno
};
File config_file, address_file; // too large for a stack, and untouched pages cost nothing

// Reads a whole file; false with its error set.
bool read_file(std::string_view path, File& file) noexcept
{
    const callout::Text<PATH_MAX> name{path};
    if (!name.fits()) return file.error = ENAMETOOLONG, false;
    const base::UniqueFd fd{::open(name.c_str(), O_RDONLY | O_CLOEXEC)};
    std::size_t size = 0;
    for (ssize_t n = -1; fd; size += static_cast<std::size_t>(n)) {
        n = ::read(fd.get(), file.bytes.data() + size, file.bytes.size() - size);
        if (n < 0) break;
        if (n == 0) {
            if (size == file.bytes.size()) return file.error = EFBIG, false;
            file.text = {file.bytes.data(), size};
            return true;
        }
    }
    file.error = errno;
    return false;
}

std::string_view environment(const char* name, std::string_view otherwise) noexcept
{
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? std::string_view(value) : otherwise;
}

bool read_config(callout::Config& config) noexcept
{
    callout::Text<PATH_MAX> path;
    const auto named = environment("CTDB_STATD_CALLOUT_CONFIG_FILE", {});
    if (named.empty())
        path.append(environment("CTDB_SCRIPT_VARDIR", script_directory)).append("/statd_callout.conf");
    else
        path.append(named);
    bool read = read_file(path.view(), config_file);
    if (!read && config_file.error == ENOENT && named.empty()) read = read_file(kept_config, config_file);
    if (!read) {
        complain("cannot read ", path.view(), ": ", std::strerror(config_file.error));
        return false;
    }
    const auto parsed = callout::parse_config(config_file.text);
    if (parsed.problem != nullptr) complain("error parsing contents of ", path.view(), ": ", parsed.problem);
    config = parsed.config;
    return parsed.problem == nullptr;
}

bool read_addresses(const callout::Config& config) noexcept
{
    if (read_file(config.addresses, address_file)) return true;
    if (address_file.error == ENOENT && !config.last_addresses.empty() &&
        read_file(config.last_addresses, address_file))
        return true;
    complain("cannot read ", config.addresses, ": ", std::strerror(address_file.error));
    return false;
}

int usage(std::string_view program) noexcept
{
    callout::Text<PATH_MAX + 256> text{std::string_view("usage: "), program.substr(0, PATH_MAX),
                                       std::string_view(" add-client|del-client CLIENT OUR-NAME\n       "),
                                       program.substr(0, 64), std::string_view(" sm-notify NAME ADDRESS [STATE]\n")};
    [[maybe_unused]] const auto n = ::write(STDOUT_FILENO, text.view().data(), text.view().size());
    return 1;
}

int change_records(std::string_view client, callout::Change change) noexcept
{
    callout::Config config;
    if (!read_config(config)) return 1;
    if (const char* why = callout::why_hostile(client)) {
        complain("refused: the client's name \"", client.substr(0, 255), "\" ", why);
        return 1;
    }
    if (config.mode == callout::Mode::none) return 0;
    if (!read_addresses(config)) return 1;
    return callout::record(config, address_file.text, client, change, ::time(nullptr)) ? 0 : 1;
}

// CTDB 4.17 calls its callout, which is a script there, for what later is the helper's.
int become_helper(char** argv) noexcept
{
    callout::Text<PATH_MAX> path;
    std::array<char, PATH_MAX> self{};
    const auto length = ::readlink("/proc/self/exe", self.data(), self.size());
    const std::string_view program{self.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
    path.append(program.substr(0, program.rfind('/') + 1)).append("statd_callout_helper");
    ::execv(path.c_str(), argv);
    complain("cannot run ", path.view(), ": ", std::strerror(errno));
    return 1;
}

} // namespace

int main(int argc, char** argv)
{
    const std::string_view program = argc > 0 ? argv[0] : "statd_callout";
    callout::set_program(program);
    const std::string_view event = argc > 1 ? argv[1] : "";
    if (argc == 2 && (event == "update" || event == "notify")) return become_helper(argv);
    if (argc < 3) return usage(program);
    if (event == "add-client") return change_records(argv[2], callout::Change::add);
    if (event == "del-client") return change_records(argv[2], callout::Change::remove);
    if (event == "sm-notify") return 0;
    if (event == "mount" || event == "unmount") {
        callout::Config config;
        return read_config(config) && config.mountd ? 0 : usage(program);
    }
    return usage(program);
}
