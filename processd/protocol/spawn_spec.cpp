// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/protocol/spawn_spec.h"

#include <cstring>
#include <type_traits>

namespace processd::protocol {
namespace {

constexpr std::uint32_t spec_magic = 0x31535043; // "CPS1"
constexpr std::size_t max_strings = 100'000;

struct Encoder {
    std::string bytes;

    template <class T> void number(T value)
    {
        static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
        bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
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

} // namespace

std::string encode(const SpawnSpec& spec)
{
    Encoder e;
    e.number(spec_magic);
    fields(e, spec);
    e.number(static_cast<std::uint8_t>(spec.oom_score_adj.has_value()));
    e.number(spec.oom_score_adj.value_or(0));
    e.number(static_cast<std::uint32_t>(spec.limits.size()));
    for (const auto& limit : spec.limits) {
        e.number(limit.resource);
        e.number(limit.soft);
        e.number(limit.hard);
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
    std::uint8_t has_oom = 0;
    std::int32_t oom = 0;
    d.number(has_oom);
    d.number(oom);
    if (has_oom > 1) d.ok = false;
    if (has_oom == 1) spec.oom_score_adj = oom;
    spec.limits.resize(d.count(sizeof(std::uint32_t) + 2 * sizeof(std::uint64_t)));
    for (auto& limit : spec.limits) {
        d.number(limit.resource);
        d.number(limit.soft);
        d.number(limit.hard);
    }
    const bool in_range = spec.stdin_kind <= Stdin::data && spec.ready_by <= ReadyBy::fd && !spec.argv.empty() &&
                          !spec.argv.front().empty() && !spec.cwd.empty();
    if (!d.ok || !d.rest.empty() || found != spec_magic || !in_range)
        return base::fail(base::Errc::corrupt, "a spawn specification of " + std::to_string(bytes.size()) +
                                                   " bytes is malformed");
    return spec;
}

} // namespace processd::protocol
