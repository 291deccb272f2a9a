// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/ctl/ability_view.h"

#include "processd/ctl/fields.h"
#include "processd/ctl/table.h"

#include <nlohmann/json.hpp>

namespace processd::ctl {
namespace {

using nlohmann::json;

std::string who(const json& abilities)
{
    const auto& process = part(abilities, "process");
    const auto capabilities = texts(process, "capabilities");
    std::string line = text(abilities, "by") == "daemon" ? "the daemon" : "processctl itself";
    line += ", uid ";
    line += std::to_string(number(process, "uid")) + ", ";
    line += std::to_string(capabilities.size()) + " capabilities";
    if (text(process, "seccomp") == "filter") line += ", a seccomp filter";
    if (flag(process, "no_new_privs")) line += ", no_new_privs";
    return line + ", on Linux " + clean(text(process, "kernel"));
}

std::string why(const json& ability)
{
    const auto reason = text(ability, "reason");
    const auto detail = text(ability, "detail");
    return reason + (reason.empty() || detail.empty() ? "" : ": ") + detail;
}

} // namespace

std::string ability_table(const json& abilities, const Style& style)
{
    Table table({{"ABILITY"}, {"HAS"}, {"FOR"}, {"DETAIL"}});
    for (const auto& ability : part(abilities, "abilities")) {
        const auto& has = part(ability, "has");
        const bool good = has == json(true);
        std::string answer = good ? "yes" : "?";
        auto colour = good ? Colour::good : Colour::busy;
        if (has == json(false)) {
            answer = "no";
            colour = Colour::bad;
        }
        table.row({{clean(text(ability, "name")), Colour::plain},
                   {std::move(answer), colour},
                   {clean(text(ability, "used_by")), Colour::plain},
                   {clean(why(ability)), Colour::dim}});
        if (good) continue;
        for (const auto& [label, key] :
             {std::pair{"what: ", "what"}, {"without it: ", "instead"}, {"given by: ", "given_by"}}) {
            std::string line = label;
            line += text(ability, key);
            table.below({clean(line), Colour::dim});
        }
    }
    return who(abilities) + "\n" + table.print(style);
}

bool some_missing(const json& abilities)
{
    for (const auto& ability : part(abilities, "abilities"))
        if (part(ability, "has") == json(false)) return true;
    return false;
}

} // namespace processd::ctl
