// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/keeper/child_end.h"

namespace processd::keeper {
namespace {

std::int64_t to_us(const timeval& t) { return std::int64_t{t.tv_sec} * 1'000'000 + t.tv_usec; }

} // namespace

void tell_usage(protocol::ChildState& state, const rusage& usage)
{
    state.user_us = to_us(usage.ru_utime);
    state.system_us = to_us(usage.ru_stime);
    state.max_rss_kb = usage.ru_maxrss;
    state.minor_faults = usage.ru_minflt;
    state.major_faults = usage.ru_majflt;
    state.blocks_in = usage.ru_inblock;
    state.blocks_out = usage.ru_oublock;
    state.switches = usage.ru_nvcsw;
    state.preemptions = usage.ru_nivcsw;
}

void tell_memory(Child& child)
{
    const auto events = memory_events(child.group);
    if (!events) return;
    child.set(protocol::flag_oom_known);
    if (events->killed) child.set(protocol::flag_oom);
    if (events->killed && events->limit) child.set(protocol::flag_oom_limit);
    child.group.worn = child.group.worn || events->killed || events->limit;
}

} // namespace processd::keeper
