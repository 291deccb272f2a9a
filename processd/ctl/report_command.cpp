// SPDX-License-Identifier: GPL-3.0-or-later
// report: one archive for whoever helps from afar. Whatever cannot be had is a line of its manifest.
#include "helpers/abilities/report.h"
#include "helpers/base/wall_time.h"
#include "helpers/client/problem.h"
#include "helpers/report/archive.h"
#include "helpers/report/host.h"
#include "processd/ctl/ability_view.h"
#include "processd/ctl/commands.h"
#include "processd/ctl/exit_code.h"
#include "processd/ctl/fields.h"
#include "processd/ctl/report_api.h"
#include "processd/ctl/report_file.h"

#include <array>
#include <climits>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>

namespace processd::ctl {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr base::Duration time_for_all = 120s, time_for_part = 3s, time_for_config = 10s;

std::string host_name()
{
    utsname name{};
    ::uname(&name);
    std::string host = &name.nodename[0];
    for (char& c : host)
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '.') c = '-';
    return host.empty() || host.front() == '.' ? "host" : host.substr(0, 64);
}

// "ctdb-processd-report-HOST-20261122T164309Z"
std::string name_of_report(const std::string& host, base::WallTime time)
{
    std::string stamp;
    for (const char c : base::format_wall_time(time).substr(0, 19))
        if (c != '-' && c != ':') stamp += c;
    return "ctdb-processd-report-" + host + '-' + stamp + 'Z';
}

std::string maker()
{
    auto who = "uid " + std::to_string(::getuid());
    for (const char* name : {"SUDO_USER", "DOAS_USER"})
        if (const char* user = std::getenv(name)) return who + " (" + name + '=' + clean(user) + ')';
    return who;
}

// The keeper made the socket and listens: the kernel knows it even if nobody answers. 0: not known.
pid_t listener_of(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return 0;
    std::memcpy(address.sun_path, path.data(), path.size());
    const base::UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return 0;
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

// As installed, or beside processctl.
std::string daemon_program()
{
    std::array<char, PATH_MAX> self{};
    if (::readlink("/proc/self/exe", self.data(), self.size() - 1) > 0) {
        const std::string here = self.data();
        const auto directory = here.substr(0, here.rfind('/'));
        for (const auto& path : {directory + "/ctdb-processd", directory + "/../sbin/ctdb-processd"})
            if (::access(path.c_str(), X_OK) == 0) return path;
    }
    return "/usr/sbin/ctdb-processd";
}

void add(report::Collection& to, const std::string& file, const char* what, report::Got got)
{
    if (got.bytes.empty() && !got.trouble.empty())
        to.miss(file, what, got.trouble);
    else
        to.add({file, what, std::move(got.bytes), std::move(got.trouble)});
}

class Report {
public:
    explicit Report(Session& session)
        : session_(session),
          begun_(base::now()),
          api_(session.settings(), session.options.report.since, begun_ + time_for_all, parts_, secrets_)
    {
    }

    report::Collection& gather()
    {
        const bool answered = api_.gather();
        const auto& system = api_.system();
        const auto& wanted = session_.options.report.config_dir;
        const auto config = wanted.empty() ? told(system, "config_dir", "/etc/ctdb-processd") : wanted;
        const auto& socket = session_.options.socket;
        const auto runtime = told(system, "runtime_dir", socket.substr(0, socket.rfind('/')));
        view_ = {listener_of(socket), {config, told(system, "state_dir", "/var/lib/ctdb-processd"), runtime}};
        add_config_on_disk(config);
        add_host();
        if (!answered) api_.gather(); // a manager that hangs is replaced by now
        if (!api_.had("doctor.txt")) add_own_abilities();
        return parts_;
    }

    [[nodiscard]] base::Duration took() const { return base::now() - begun_; }

private:
    static std::string told(const json& system, const char* key, const std::string& otherwise)
    {
        const auto found = text(system, key);
        return found.empty() ? otherwise : found;
    }

    void add_config_on_disk(const std::string& directory)
    {
        constexpr auto file = "config-on-disk.json", what = "configuration on disk, without secrets";
        auto got = report::apart(time_for_config, report::most_of_part,
                                 {daemon_program(), "--show-config", "--config-dir", directory});
        auto value = client::parse(got.bytes);
        if (!value) return parts_.miss(file, what, got.trouble.empty() ? value.error().message() : got.trouble);
        secrets_.learn(*value);
        secrets_.remove_from(*value);
        parts_.add({file, what, value->dump(1, ' ', false, json::error_handler_t::replace) + '\n', {}});
    }

    void add_host()
    {
        for (const auto& part : report::host_parts())
            add(parts_, part.file, part.what,
                report::apart(time_for_part, report::most_of_part, [&](int out) { return part.write(out, view_); }));
        add(parts_, "host/packages.txt", "versions of packages that matter to a clustered node",
            report::apart(time_for_part, report::most_of_part, report::package_query()));
        // What `redact` hides in what runs only the configuration in force knows. What a daemon has left cannot be told
        // from other processes.
        const bool known = api_.had("api/config.json");
        const auto shown = [&](std::vector<std::string> command) {
            if (!known && command.size() > 1) command = {command.front(), "..."};
            return secrets_.without(std::move(command));
        };
        add(parts_, "host/commands.txt",
            known ? "processes' command lines, without secrets"
                  : "processes' programs; no arguments, as the daemon did not tell what is secret in them",
            report::command_lines(time_for_part, shown));
    }

    void add_own_abilities()
    {
        constexpr auto file = "doctor.txt", what = "what the host lets processctl itself do";
        const auto got = report::apart(time_for_config, report::most_of_part, [](int out) {
            const auto found = abilities::report("processctl", {});
            return report::put(out, ability_table(found, Style{})) ? 0 : errno;
        });
        add(parts_, file, what, got);
    }

    Session& session_;
    const base::Time begun_;
    report::Collection parts_;
    report::Secrets secrets_;
    report::View view_;
    ReportApi api_;
};

base::Result<void> write_archive(int fd, const std::string& name, const report::Collection& parts,
                                 const report::Making& making)
{
    report::Archive archive(fd, making.begun);
    auto done = archive.add(name + "/MANIFEST", report::manifest(parts, making));
    for (const auto& part : parts.parts())
        if (done) done = archive.add(name + '/' + part.file, part.bytes);
    return done ? archive.finish() : done;
}

int tell(const Session& session, const std::string& path, const report::Collection& parts)
{
    if (session.options.json) {
        json files = json::array(), missing = json::array();
        for (const auto& part : parts.parts()) files.push_back(part.file);
        for (const auto& one : parts.missing()) missing.push_back({{"file", one.file}, {"reason", one.why}});
        const json all{{"report", path}, {"files", files}, {"missing", missing}};
        return session.print(all.dump(-1, ' ', false, json::error_handler_t::replace) + '\n') ? exit_done : exit_ours;
    }
    if (const auto count = parts.missing().size(); count > 0)
        session.complain(counted(static_cast<std::int64_t>(count), "file") +
                         " could not be had; MANIFEST in the report says which, and why");
    return path.empty() || session.print(path + '\n') ? exit_done : exit_ours;
}

bool is_directory(const std::string& path)
{
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

} // namespace

int report_command(Session& session, std::string_view version)
{
    const auto& options = session.options.report;
    report::Making making{host_name(),   maker(),          "processctl " + std::string(version),
                          options.since, base::wall_now(), {}};
    const auto name = name_of_report(making.host, making.begun);
    const auto file_name = name + ".tar.gz";
    const bool to_stdout = options.output == "-";
    const auto path = options.output.empty()         ? file_name
                      : is_directory(options.output) ? options.output + '/' + file_name
                                                     : options.output;
    std::optional<ReportFile> file;
    if (to_stdout) {
        if (session.options.json || ::isatty(STDOUT_FILENO) == 1) {
            session.complain(session.options.json ? "standard output is for the report or for JSON, not for both"
                                                  : "a report is not for a terminal; redirect standard output");
            return exit_usage;
        }
    } else {
        auto made = ReportFile::make(path);
        if (!made) {
            session.complain(made.error().message());
            return exit_failed;
        }
        file.emplace(*std::move(made));
    }
    Report whole(session);
    const auto& parts = whole.gather();
    if (parts.parts().empty()) {
        session.complain("nothing could be had for a report");
        return exit_failed;
    }
    making.took = whole.took();
    auto done = write_archive(to_stdout ? STDOUT_FILENO : file->fd(), name, parts, making);
    if (done && file) done = file->keep();
    if (!done) {
        session.complain(done.error().message());
        return to_stdout ? exit_ours : exit_failed;
    }
    return tell(session, to_stdout ? "" : path, parts);
}

} // namespace processd::ctl
