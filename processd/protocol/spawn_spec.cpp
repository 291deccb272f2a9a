// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/protocol/spawn_spec.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace processd::protocol {
namespace {

constexpr std::size_t max_strings = 100'000;

struct Encoder {
    std::string bytes;

    template <class T> void number(T value)
    {
        static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
        bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void truth(bool value) { number(static_cast<std::uint8_t>(value)); }
    void text(std::string_view value)
    {
        number(static_cast<std::uint32_t>(value.size()));
        bytes.append(value);
    }
    void texts(const std::vector<std::string>& values)
    {
        number(static_cast<std::uint32_t>(values.size()));
        for (const auto& value : values) text(value);
    }
    void numbers(const std::vector<std::uint32_t>& values)
    {
        number(static_cast<std::uint32_t>(values.size()));
        for (const auto value : values) number(value);
    }
};

struct Decoder {
    std::string_view rest;
    bool ok = true;

    template <class T> void number(T& value)
    {
        if (rest.size() < sizeof value) {
            ok = false;
            return;
        }
        std::memcpy(&value, rest.data(), sizeof value);
        rest.remove_prefix(sizeof value);
    }
    // A count of things that each take at least unit bytes, so that a lie cannot make us allocate.
    std::uint32_t count(std::size_t unit)
    {
        std::uint32_t n = 0;
        number(n);
        if (ok && (n > max_strings || n > rest.size() / unit)) ok = false;
        return ok ? n : 0;
    }
    bool truth()
    {
        std::uint8_t value = 0;
        number(value);
        ok = ok && value <= 1;
        return value == 1;
    }
    void text(std::string& value)
    {
        const auto n = [&] {
            std::uint32_t size = 0;
            number(size);
            return size;
        }();
        if (!ok || n > rest.size() || rest.substr(0, n).find('\0') != std::string_view::npos) {
            ok = false;
            return;
        }
        value.assign(rest.substr(0, n));
        rest.remove_prefix(n);
    }
    void texts(std::vector<std::string>& values)
    {
        values.resize(count(sizeof(std::uint32_t)));
        for (auto& value : values) text(value);
    }
    void numbers(std::vector<std::uint32_t>& values)
    {
        values.resize(count(sizeof(std::uint32_t)));
        for (auto& value : values) number(value);
    }
};

// One list of fields for both directions, so that they cannot disagree.
template <class Codec, class Spec> void fields(Codec& c, Spec& s)
{
    c.text(s.note);
    c.text(s.label);
    c.texts(s.argv);
    c.texts(s.env);
    c.text(s.cwd);
    c.number(s.uid);
    c.number(s.gid);
    c.numbers(s.groups);
    c.number(s.umask);
    c.number(s.nice);
    c.number(s.io_class);
    c.number(s.io_level);
    c.number(s.scheduler);
    c.number(s.priority);
    c.numbers(s.cpus);
    c.number(s.stdin_kind);
    c.number(s.ready_by);
    c.number(s.ready_fd);
    c.number(s.ring_bytes);
    c.number(s.spawn_timeout_ms);
}

// What the kernel would refuse with an errno of its own (a limit below its soft value, a processor that is not there)
// is left to it: the run then fails at the stage that says so.
bool in_range(const SpawnSpec& s)
{
    const auto between = [](auto value, auto low, auto high) { return value >= low && value <= high; };
    return s.stdin_kind <= Stdin::data && s.ready_by <= ReadyBy::fd && !s.argv.empty() && !s.argv.front().empty() &&
           !s.cwd.empty() && s.umask <= 0777 && between(s.nice, -20, 19) && between(s.io_class, 0, 3) &&
           between(s.io_level, 0, 7) && s.spawn_timeout_ms > 0 &&
           (s.ready_by != ReadyBy::fd || between(s.ready_fd, 3U, max_ready_fd)) &&
           std::all_of(s.cpus.begin(), s.cpus.end(), [](std::uint32_t cpu) { return cpu < max_cpus; }) &&
           (!s.oom_score_adj || between(*s.oom_score_adj, -1000, 1000)) &&
           (!s.capability_bounds || (s.capabilities & ~*s.capability_bounds) == 0) &&
           std::all_of(s.binds.begin(), s.binds.end(),
                       [](const Bind& bind) { return !bind.source.empty() && !bind.target.empty(); }) &&
           std::all_of(s.cgroup.begin(), s.cgroup.end(), [](const CgroupSetting& setting) {
               const auto dot = setting.file.find('.');
               return dot != 0 && dot != std::string::npos && setting.file.find('/') == std::string::npos &&
                      setting.file.compare(0, dot, "cgroup") != 0 && !setting.value.empty();
           });
}

} // namespace

std::string encode(const SpawnSpec& spec)
{
    Encoder e;
    e.number(spec_magic);
    fields(e, spec);
    e.truth(spec.oom_score_adj.has_value());
    e.number(spec.oom_score_adj.value_or(0));
    e.number(static_cast<std::uint32_t>(spec.limits.size()));
    for (const auto& limit : spec.limits) {
        e.number(limit.resource);
        e.number(limit.soft);
        e.number(limit.hard);
    }
    e.number(spec.as_permitted);
    e.truth(spec.capability_bounds.has_value());
    e.number(spec.capability_bounds.value_or(0));
    e.number(spec.capabilities);
    e.truth(spec.no_new_privs);
    e.number(static_cast<std::uint32_t>(spec.binds.size()));
    for (const auto& bind : spec.binds) {
        e.text(bind.source);
        e.text(bind.target);
        e.truth(bind.read_only);
    }
    e.number(static_cast<std::uint32_t>(spec.cgroup.size()));
    for (const auto& setting : spec.cgroup) {
        e.text(setting.file);
        e.text(setting.value);
    }
    return std::move(e.bytes);
}

base::Result<SpawnSpec> decode_spawn_spec(std::string_view bytes)
{
    Decoder d{bytes};
    SpawnSpec spec;
    std::uint32_t found = 0;
    d.number(found);
    fields(d, spec);
    const bool has_oom = d.truth();
    std::int32_t oom = 0;
    d.number(oom);
    if (has_oom) spec.oom_score_adj = oom;
    spec.limits.resize(d.count(sizeof(std::uint32_t) + 2 * sizeof(std::uint64_t)));
    for (auto& limit : spec.limits) {
        d.number(limit.resource);
        d.number(limit.soft);
        d.number(limit.hard);
    }
    d.number(spec.as_permitted);
    const bool has_bounds = d.truth();
    std::uint64_t bounds = 0;
    d.number(bounds);
    if (has_bounds) spec.capability_bounds = bounds;
    d.number(spec.capabilities);
    spec.no_new_privs = d.truth();
    spec.binds.resize(d.count(2 * sizeof(std::uint32_t) + 1));
    for (auto& bind : spec.binds) {
        d.text(bind.source);
        d.text(bind.target);
        bind.read_only = d.truth();
    }
    spec.cgroup.resize(d.count(2 * sizeof(std::uint32_t)));
    for (auto& setting : spec.cgroup) {
        d.text(setting.file);
        d.text(setting.value);
    }
    if (!d.ok || !d.rest.empty() || found != spec_magic || !in_range(spec))
        return base::fail(base::Errc::corrupt,
                          "a spawn specification of " + std::to_string(bytes.size()) + " bytes is malformed");
    return spec;
}

} // namespace processd::protocol
