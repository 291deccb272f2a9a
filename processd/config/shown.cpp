// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/shown.h"

#include "processd/config/assembly.h"
#include "processd/model/process_spec.h"

#include <algorithm>
#include <set>
#include <utility>

namespace processd::config {
namespace {

using Lines = std::set<std::pair<std::string, std::uint32_t>>;

constexpr std::string_view hidden_text = "***";

std::vector<std::string> strings_of(const Array& array)
{
    std::vector<std::string> strings;
    for (const auto& item : array)
        if (const auto* text = std::get_if<std::string>(&item.data)) strings.push_back(*text);
    return strings;
}

// Of one NAME.
class Showing {
public:
    Showing(Assembled of, const Lines& wrong) : of_(std::move(of)), wrong_(wrong) {}

    ShownName all()
    {
        ShownName name{of_.name, of_.name == daemon_name ? "daemon" : "", of_.origin.files, {}, {}};
        if (!of_.document) return name;
        for (const auto* kind : {"service", "job", "hook"})
            if (const auto* entry = find(*of_.document, kind)) {
                if (name.kind.empty()) name.kind = kind;
                learn_patterns(*entry);
            }
        for (auto& entry : *of_.document) add(name.keys, entry, "", false);
        return name;
    }

private:
    void learn_patterns(const Entry& declared)
    {
        const auto* keys = std::get_if<Table>(&declared.value.data);
        const auto* entry = keys != nullptr ? find(*keys, "redact") : nullptr;
        const auto* patterns = entry != nullptr ? std::get_if<Array>(&entry->value.data) : nullptr;
        if (patterns != nullptr)
            for (auto& pattern : strings_of(*patterns)) redact_.push_back(std::move(pattern));
    }

    [[nodiscard]] bool is_wrong(const Place& place) const
    {
        return wrong_.contains({of_.origin.files.at(place.file), place.line});
    }
    [[nodiscard]] bool is_wrong(const Value& value) const
    {
        if (is_wrong(value.place)) return true;
        if (const auto* array = std::get_if<Array>(&value.data))
            return std::any_of(array->begin(), array->end(), [this](const Value& item) { return is_wrong(item); });
        if (const auto* table = std::get_if<Table>(&value.data))
            return std::any_of(table->begin(), table->end(),
                               [this](const Entry& entry) { return is_wrong(entry.place) || is_wrong(entry.value); });
        return false;
    }

    // Below a table the keys are shown one by one, whatever is hidden.
    void add(std::vector<ShownKey>& to, Entry& entry, const std::string& above, bool hidden)
    {
        const auto key = above + (above.empty() ? "" : ".") + entry.key;
        hidden = hidden || is_wrong(entry.place);
        if (auto* table = std::get_if<Table>(&entry.value.data)) {
            hidden = hidden || entry.key == "environment";
            for (auto& below : *table) add(to, below, key, hidden);
            return;
        }
        hidden = hidden || is_wrong(entry.value) || entry.key == "environment";
        const auto& place = entry.place;
        ShownKey one{key, {}, of_.origin.files.at(place.file), place.line};
        if (!hidden) one.value = without_secrets(std::move(entry.value), entry.key == "redact");
        to.push_back(std::move(one));
    }

    // Every array of strings may be a command, also within another or in a table of one.
    [[nodiscard]] Value without_secrets(Value value, bool patterns) const
    {
        if (auto* table = std::get_if<Table>(&value.data)) {
            for (auto& entry : *table) entry.value = without_secrets(std::move(entry.value), false);
        } else if (auto* array = std::get_if<Array>(&value.data); array != nullptr && !patterns) {
            for (auto& item : *array) item = without_secrets(std::move(item), false);
            const auto strings = strings_of(*array);
            if (strings.empty() || strings.size() != array->size()) return value;
            model::ProcessSpec spec;
            spec.command = strings;
            spec.redact = redact_;
            const auto safe = model::shown_command(spec);
            for (std::size_t i = 0; i < safe.size(); ++i) (*array)[i].data = safe[i];
        }
        return value;
    }

    Assembled of_;
    const Lines& wrong_;
    std::vector<std::string> redact_;
};

void collect_keys(const Table& table, std::set<std::string, std::less<>>& keys)
{
    for (const auto& entry : table) {
        keys.insert(entry.key);
        if (const auto* below = std::get_if<Table>(&entry.value.data)) collect_keys(*below, keys);
    }
}

std::set<std::string, std::less<>> keys_of(const std::string& path, const std::vector<SourceSet>& sets)
{
    std::set<std::string, std::less<>> keys;
    for (const auto& set : sets)
        for (const auto& file : set.files)
            if (file.path == path) {
                Complaints complaints{Origin{{path}}};
                if (const auto document = parse(file.text, 0, complaints)) collect_keys(*document, keys);
            }
    return keys;
}

} // namespace

std::vector<ShownName> shown(const std::vector<SourceSet>& sets, const Problems& problems)
{
    Lines wrong;
    for (const auto& problem : problems) wrong.insert({problem.file, problem.line});
    std::vector<ShownName> all;
    Problems known; // by who has called interpret()
    for (auto& one : assemble(sets, known).documents)
        if (!one.sample) all.push_back(Showing{std::move(one), wrong}.all());
    for (const auto& set : sets)
        if (set.transient)
            for (auto& name : all)
                if (name.name == set.name) name.transient = set.transient;
    return all;
}

std::string shown_message(const Problem& problem, const std::vector<SourceSet>& sets)
{
    const auto& message = problem.message;
    const bool syntax = message.starts_with("not TOML");
    const auto keys = keys_of(problem.file, sets);
    for (std::size_t at = 0; (at = message.find_first_of(syntax ? "\"'" : "\"", at)) != std::string::npos;) {
        const auto end = message.find(message[at], at + 1);
        const bool key = !syntax && end != std::string::npos && keys.contains(message.substr(at + 1, end - at - 1));
        if (!key) return message.substr(0, at) + std::string(hidden_text);
        at = end + 1;
    }
    return message;
}

} // namespace processd::config
