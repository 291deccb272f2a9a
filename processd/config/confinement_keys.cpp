// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/confinement_keys.h"

#include <charconv>

namespace processd::config {
namespace {

void read_capabilities(TableReader& keys, const char* key, std::optional<model::Capabilities>& value)
{
    std::vector<std::string> names;
    if (!keys.strings(key, names, R"(["CAP_NET_BIND_SERVICE"])")) return;
    const auto& items = std::get<Array>(keys.find(key)->value.data);
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (model::capability_number(names[i])) continue;
        const auto meant = model::nearest_capability(names[i]);
        keys.complain(items[i].place, key,
                      quoted(names[i]) + " is no capability" +
                          (meant.empty() ? ", see capabilities(7)" : "; did you mean " + quoted(meant) + "?"));
    }
    value.emplace(names.begin(), names.end());
}

void read_privileges(TableReader& keys, model::ProcessSpec& process)
{
    read_capabilities(keys, "capabilities", process.capabilities);
    read_capabilities(keys, "capability_bounds", process.capability_bounds);
    if (const auto beyond = model::beyond_bounds(process); !beyond.empty())
        keys.complain(*keys.find("capability_bounds"),
                      R"("capability_bounds" must have all of "capabilities"; it lacks )" + quoted(beyond));
    keys.boolean("no_new_privs", process.no_new_privs);
}

void read_binds(TableReader& keys, std::vector<model::BindMount>& binds)
{
    static constexpr auto right =
        R"(an array of tables, like [{ source = "/srv/eventd", target = "/usr/libexec/eventd" }])";
    const Entry* entry = keys.find("bind");
    if (entry == nullptr) return;
    const auto* items = std::get_if<Array>(&entry->value.data);
    if (items == nullptr) return keys.must_be(*entry, right);
    std::vector<model::BindMount> found;
    for (const auto& item : *items) {
        const auto* table = std::get_if<Table>(&item.data);
        if (table == nullptr) return keys.complain(item.place, "bind", R"("bind" must be )" + std::string(right));
        auto parts = keys.inner(*table, item.place, "bind");
        model::BindMount bind;
        for (const auto& [key, path] : {std::pair{"source", &bind.source}, {"target", &bind.target}})
            if (parts.find(key) == nullptr)
                parts.complain(item.place, key, "a bind mount needs a source and a target");
            else
                parts.path(key, *path);
        parts.boolean("read_only", bind.read_only);
        parts.finish();
        if (bind.source.empty() || bind.target.empty()) return; // one mistake, one complaint
        found.push_back(std::move(bind));
    }
    if (const auto wrong = model::wrong_binds(found); !wrong.empty())
        return keys.complain(*entry, R"("bind" must be )" + wrong);
    binds = std::move(found);
}

std::optional<std::uint32_t> parse_percent(std::string_view text)
{
    std::uint32_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, problem] = std::from_chars(text.data(), end, value);
    const bool fits =
        problem == std::errc{} && rest + 1 == end && *rest == '%' && value > 0 && value <= model::max_cpu_percent;
    return fits ? std::optional(value) : std::nullopt;
}

void read_cpu_max(TableReader& keys, std::optional<std::uint32_t>& percent)
{
    const Entry* entry = keys.find("cpu_max");
    if (entry == nullptr) return;
    static constexpr auto right = R"(percents of one processor in a string, like "50%" or "200%")";
    const auto* text = std::get_if<std::string>(&entry->value.data);
    if (text == nullptr) return keys.must_be(*entry, right);
    percent = parse_percent(*text);
    if (!percent) keys.complain(*entry, R"("cpu_max" must be )" + std::string(right) + ", not " + quoted(*text));
}

void read_other_files(TableReader& keys, std::map<std::string, std::string>& files)
{
    auto table = keys.table("other", R"(other = { "io.max" = "8:0 wbps=1048576" })");
    if (!table) return;
    for (const auto& entry : table->entries()) {
        const auto* value = std::get_if<std::string>(&entry.value.data);
        if (const auto wrong = model::wrong_cgroup_file(entry.key); !wrong.empty())
            table->complain(entry.place, entry.key, quoted(entry.key) + " must be " + wrong);
        else if (value == nullptr)
            table->must_be(entry, "a string");
        else if (const auto wrong_value = model::wrong_cgroup_value(*value); !wrong_value.empty())
            table->complain(entry, quoted(entry.key) + " must be " + wrong_value);
        else
            files[entry.key] = *value;
    }
}

void read_cgroup(TableReader& outer, model::CgroupSpec& cgroup)
{
    auto keys = outer.table("cgroup", R"([service.cgroup] with memory_max = "1GiB")");
    if (!keys) return;
    const auto size = [&](const char* key, std::optional<std::uint64_t>& value, std::uint64_t low) {
        if (std::uint64_t bytes = 0; keys->size(key, bytes, low, model::max_memory)) value = bytes;
    };
    const auto number = [&](const char* key, auto& value, std::int64_t high) {
        if (std::int64_t found = 0; keys->number(key, found, 1, high))
            value = static_cast<typename std::remove_reference_t<decltype(value)>::value_type>(found);
    };
    size("memory_max", cgroup.memory_max, 4096);
    size("memory_high", cgroup.memory_high, 4096);
    size("memory_low", cgroup.memory_low, 0);
    size("memory_swap_max", cgroup.memory_swap_max, 0);
    number("pids_max", cgroup.pids_max, model::max_pids);
    number("cpu_weight", cgroup.cpu_weight, model::max_weight);
    read_cpu_max(*keys, cgroup.cpu_max_percent);
    number("io_weight", cgroup.io_weight, model::max_weight);
    read_other_files(*keys, cgroup.other);
    keys->finish();
}

} // namespace

void read_confinement(TableReader& keys, model::ProcessSpec& process)
{
    read_privileges(keys, process);
    read_binds(keys, process.bind);
    read_cgroup(keys, process.cgroup);
}

} // namespace processd::config
