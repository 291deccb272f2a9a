// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/command_words.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace processd::ctl {

bool split_command(const CLI::App& app, std::vector<std::string>& words, std::vector<std::string>& command)
{
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
        } else {
            return false;
        }
    }
    return scope != &app;
}

std::string no_command(const CLI::App& app, const std::vector<std::string>& words)
{
    std::string all;
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
        all += (all.empty() ? "" : ", ") + command->get_name();
    const auto word = std::find_if(words.begin(), words.end(), [](const auto& w) { return !w.starts_with('-'); });
    return (word == words.end() ? "no command is given" : "there is no command \"" + *word + "\"") +
           std::string("; there are ") + all;
}

} // namespace processd::ctl
