// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/command_words.h"

#include "helpers/base/nearest.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace processd::ctl {

bool split_command(const CLI::App& app, std::vector<std::string>& words, Options& options)
{
    auto& command = options.run.command;
    const CLI::App* scope = &app;
    const auto takes_value = [&](const std::string& word) {
        for (const CLI::App* where : {scope, &app})
            if (const auto* option = where->get_option_no_throw(word)) return option->get_items_expected_max() > 0;
        return false;
    };
    const auto move_from = [&](std::size_t first) {
        command.assign(words.begin() + static_cast<std::ptrdiff_t>(first), words.end());
        words.resize(first);
    };
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto& word = words[i];
        const bool is_option = word.size() > 1 && word.front() == '-' && word != "--";
        if (is_option) {
            if (word.find('=') == std::string::npos && takes_value(word)) ++i;
        } else if (scope != &app) {
            const bool dashes = word == "--";
            move_from(i);
            if (dashes) command.erase(command.begin());
            return true;
        } else if (word == "run") {
            scope = app.get_subcommand("run");
        } else if (word == "add") {
            const auto dashes = std::find(words.begin() + static_cast<std::ptrdiff_t>(i), words.end(), "--");
            if (dashes != words.end()) options.declared.assign(dashes + 1, words.end());
            words.erase(dashes, words.end());
            return false;
        } else {
            return false;
        }
    }
    return scope != &app;
}

std::optional<std::string> no_command(const CLI::App& app, const std::vector<std::string>& words)
{
    const CLI::App* scope = &app;
    auto word = words.begin();
    const auto skip_options = [&] {
        word = std::find_if(word, words.end(), [](const auto& w) { return !w.starts_with('-'); });
    };
    skip_options();
    if (word != words.end() && *word == "job") {
        scope = app.get_subcommand("job");
        ++word;
        skip_options();
    }
    std::string all;
    std::vector<std::string_view> names;
    const auto commands = scope->get_subcommands([](const CLI::App*) { return true; });
    for (const auto* command : commands) {
        names.emplace_back(command->get_name());
        all += (all.empty() ? "" : ", ") + command->get_name();
    }
    const std::string of = scope == &app ? "" : scope->get_name() + " ";
    if (word == words.end()) return "no command " + of + "is given; there are " + all;
    if (std::find(names.begin(), names.end(), *word) != names.end()) return std::nullopt;
    const auto near = base::nearest(*word, names);
    return "there is no command \"" + of + *word + "\"; " +
           (near.empty() ? "there are " + all : "did you mean \"" + of + std::string(near) + "\"?");
}

} // namespace processd::ctl
