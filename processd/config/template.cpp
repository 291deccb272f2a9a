// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/template.h"

#include "processd/config/service_keys.h"
#include "processd/config/table_reader.h"

#include <algorithm>

namespace processd::config {
namespace {

constexpr std::string_view instances_key = "instances";

class Filling {
public:
    Filling(std::string_view name, Complaints& complaints)
        : name_(name), instance_(instance_of(name)->instance), complaints_(complaints)
    {
    }

    void table(Table& table, const std::string& path)
    {
        for (auto& entry : table) value(entry.value, path.empty() ? entry.key : path + "." + entry.key);
    }

private:
    void value(Value& value, const std::string& path)
    {
        if (auto* found = std::get_if<std::string>(&value.data))
            text(*found, value.place, path);
        else if (auto* items = std::get_if<Array>(&value.data))
            for (auto& item : *items) this->value(item, path);
        else if (auto* inner = std::get_if<Table>(&value.data))
            table(*inner, path);
    }

    void text(std::string& text, const Place& place, const std::string& path)
    {
        std::string filled;
        std::size_t done = 0;
        for (auto at = text.find('%'); at != std::string::npos && at + 1 < text.size(); at = text.find('%', done)) {
            filled += text.substr(done, at - done);
            done = at + 2;
            switch (text[at + 1]) {
            case 'i': filled += instance_; break;
            case 'n': filled += name_; break;
            case '%': filled += '%'; break;
            default:
                while (done < text.size() && (static_cast<unsigned char>(text[done]) & 0xc0U) == 0x80U) ++done;
                complaints_.add(place, path,
                                quoted(text.substr(at, done - at)) +
                                    " means nothing in a template: there are %i, the instance; %n, the whole name; "
                                    "and %%, a percent sign");
            }
        }
        text = filled + text.substr(done);
    }

    std::string_view name_, instance_;
    Complaints& complaints_;
};

} // namespace

bool is_template(std::string_view name) { return name.size() > 1 && name.find('@') == name.size() - 1; }

std::optional<InstanceName> instance_of(std::string_view name)
{
    const auto at = name.find('@');
    if (at == std::string_view::npos || at == 0 || at + 1 == name.size()) return std::nullopt;
    return InstanceName{name.substr(0, at + 1), name.substr(at + 1)};
}

bool is_instance(std::string_view family, std::string_view text)
{
    // By itself a name, so that no path that %i is part of leads upwards; unlike one, also the daemon's.
    return (is_service_name(text) || text == "processd") && family.size() + text.size() <= 64;
}

std::optional<Instances> take_instances(Table& document)
{
    for (auto& declared : document) {
        auto* keys = std::get_if<Table>(&declared.value.data);
        if (keys == nullptr) continue;
        const auto at =
            std::find_if(keys->begin(), keys->end(), [](const Entry& entry) { return entry.key == instances_key; });
        if (at == keys->end()) continue;
        Instances found{declared.key, std::move(*at)};
        keys->erase(at);
        return found;
    }
    return std::nullopt;
}

std::vector<std::string> read_instances(std::string_view family, Instances list, Complaints& complaints)
{
    std::vector<std::string> names;
    const auto place = list.entry.place;
    const Table table{std::move(list.entry)};
    TableReader keys{table, place, list.table, complaints};
    if (!keys.strings(instances_key, names, R"(["a", "b"])")) return {};
    const auto& items = std::get<Array>(table.front().value.data);
    std::vector<std::string> instances;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (is_instance(family, names[i]))
            instances.push_back(names[i]);
        else
            keys.complain(items[i].place, instances_key,
                          quoted(names[i]) +
                              " cannot be an instance: it has a letter or digit first and then a-z 0-9 "
                              "_ . @ -, and with " +
                              quoted(family) + " before it at most 64 of them");
    }
    return instances;
}

void refuse_instances(Table& document, std::string_view name, Complaints& complaints)
{
    while (const auto list = take_instances(document))
        complaints.add(list->entry.place, list->table + "." + list->entry.key,
                       "\"instances\" stands in templates only, which are files like " +
                           std::string(name.substr(0, name.find('@'))) + "@.toml");
}

void fill_in(Table& document, std::string_view name, Complaints& complaints)
{
    Filling{name, complaints}.table(document, "");
}

} // namespace processd::config
