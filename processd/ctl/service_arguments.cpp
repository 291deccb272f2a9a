// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/service_arguments.h"

#include "helpers/base/duration.h"
#include "processd/ctl/option_values.h"

namespace processd::ctl {

using Duration = std::optional<std::chrono::milliseconds>;

CLI::Option* duration_option(CLI::App* app, const std::string& name, Duration& value, const std::string& help)
{
    return app
        ->add_option_function<std::string>(
            name,
            [&value](const std::string& text) {
                value = base::parse_duration(text).value_or(std::chrono::milliseconds{});
            },
            help)
        ->check(is_duration)
        ->type_name("DURATION");
}

void add_changes(CLI::App& app, Options& options)
{
    struct Change {
        const char* name;
        Command command;
        const char* help;
    };
    for (const auto& change : {Change{"start", Command::start, "Start services and wait until they are ready"},
                               Change{"stop", Command::stop, "Stop services and wait until nothing of them runs"},
                               Change{"restart", Command::restart, "Stop and start services"}}) {
        auto* cmd = app.add_subcommand(change.name, change.help);
        cmd->add_option("NAME", options.names, "Names of services, or @GROUP")->required();
        cmd->add_flag_callback(
            "--no-wait", [&options] { options.wait = false; }, "Print the operation's id instead");
        duration_option(cmd, "--timeout", options.timeout, "Wait no longer than this; the operation goes on");
        cmd->callback([&options, command = change.command] { options.command = command; });
    }
    for (const auto& change :
         {Change{"hold", Command::hold, "Leave services as they are, for maintenance: nothing starts them"},
          Change{"release", Command::release, "End the hold of services"},
          Change{"reset-failed", Command::reset_failed, "Forget failures, of all failed services or of some"}}) {
        auto* cmd = app.add_subcommand(change.name, change.help);
        auto* names = cmd->add_option("NAME", options.names, "Names of services, or @GROUP");
        if (change.command != Command::reset_failed) names->required();
        cmd->callback([&options, command = change.command] { options.command = command; });
    }
    auto* signal = app.add_subcommand("signal", "Send a signal to services");
    signal->add_option("SIGNAL", options.signal, "Name or number, like HUP")->required();
    signal->add_option("NAME", options.names, "Names of services, or @GROUP")->required();
    signal
        ->add_option("--scope", options.scope, "Who gets it: the main process, its group, or all that descends from it")
        ->check(CLI::IsMember({"leader", "group", "tree"}))
        ->type_name("leader|group|tree");
    signal->callback([&options] { options.command = Command::signal; });
}

void add_transient(CLI::App& app, Options& options)
{
    auto* add = app.add_subcommand("add", "Declare a service without a file, until the daemon ends, and start it");
    add->add_option_function<std::string>(
           "NAME", [&options](const std::string& name) { options.names = {name}; }, "Its name")
        ->required();
    add->add_option("--file,-f", options.file,
                    "Its declaration as in NAME.toml, or the same as JSON (- for standard input)")
        ->type_name("FILE");
    add->add_option_function<std::string>(
           "--start", [&options](const std::string& word) { options.start = word; },
           "Whether it starts by itself; auto")
        ->check(CLI::IsMember({"auto", "manual"}))
        ->type_name("auto|manual");
    add->add_flag_callback(
        "--no-wait", [&options] { options.wait = false; }, "Do not wait until it is ready");
    duration_option(add, "--timeout", options.timeout, "Wait no longer than this; the start goes on");
    add->footer("A service that is nothing but a command follows behind --.");
    add->callback([&options] { options.command = Command::add; });
    auto* remove = app.add_subcommand("remove", "Stop services that were added, and forget them");
    remove->add_option("NAME", options.names, "Names of transient services")->required();
    remove->add_flag_callback(
        "--no-wait", [&options] { options.wait = false; }, "Do not wait until nothing of them runs");
    duration_option(remove, "--timeout", options.timeout, "Wait no longer than this; the stop goes on");
    remove->callback([&options] { options.command = Command::remove; });
}

} // namespace processd::ctl
