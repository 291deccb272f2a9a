// SPDX-License-Identifier: GPL-3.0-or-later
// tests/processd/ctl/samples.h: objects as docs/openapi.yaml describes them, complete, for tests to change.
#pragma once

#include "helpers/base/wall_time.h"
#include "processd/ctl/text.h"

#include <nlohmann/json.hpp>
#include <string_view>

namespace test {

inline base::WallTime at(std::string_view time) { return base::parse_wall_time(time).value(); }

// Without colour and width, five minutes past noon. The time zone is UTC (TZ is set by the test program's runner).
inline processd::ctl::Style plain() { return {false, 0, at("2026-11-22T12:05:00Z")}; }

inline nlohmann::json service()
{
    return nlohmann::json::parse(R"({"name":"smbd","state":"ready","since":"2026-11-22T12:00:00.000000Z","wanted":"up",
        "reason":"","start":"auto","command":["/usr/sbin/smbd","-F","--option=x y"],
        "main":{"run":"01J0RUN","pid":4711,"started":"2026-11-22T11:59:58.000000Z"},
        "ready_since":"2026-11-22T12:00:00.000000Z","status_text":null,"restarts":0,"failures":0,"last":null,"next":null,
        "waits_for":[],"stuck":[],"operation":null,"requires":["ctdbd"],"after":["network"],"binds_to":[],
        "removed":false,"config_changed":false,"changed_keys":[]})");
}

inline nlohmann::json failing_service()
{
    auto j = service();
    j.merge_patch(
        nlohmann::json::parse(R"({"name":"ganesha","state":"backoff","main":null,"ready_since":null,"restarts":7,
        "failures":3,"reason":"exited with code 3","next":{"action":"restart","at":"2026-11-22T12:05:04.000000Z"},
        "last":{"run":"01J0OLD","outcome":"exited","code":3,"signal":null,"core":null,"errno":null,"stage":null,"oom":false,
          "ended":"2026-11-22T12:04:58.000000Z","sentence":"exited with code 3","lines":[
            {"time":"2026-11-22T12:04:57.100000Z","stream":"stdout","late":false,"text":"one"},
            {"time":"2026-11-22T12:04:57.200000Z","stream":"stdout","late":false,"text":"two"},
            {"time":"2026-11-22T12:04:57.300000Z","stream":"stderr","late":false,"text":"cannot open \u001b[2Jx\n"},
            {"time":"2026-11-22T12:04:57.400000Z","stream":"stderr","late":false,"base64":"/4A="}]}})"));
    return j;
}

inline nlohmann::json run()
{
    return nlohmann::json::parse(R"({"id":"01J0ABC","number":12,"kind":"adhoc","name":"sh","parent":null,
        "asked_by":{"uid":0,"pid":99,"command":"processctl run"},
        "process":{"command":["/bin/sh","-c","exit 3"],"user":"root","group":null,"groups":null,"cwd":"/","umask":18,
          "environment":{"A":"1","SECRET":null},"environment_file":null,"nice":5,"io_class":"none","io_level":4,
          "scheduler":"other","priority":0,"cpus":[],"oom_score_adj":null,
          "limits":{"core":{"soft":0,"hard":"unlimited"},"nofile":{"soft":1024,"hard":1024}},"ring_bytes":262144,
          "spawn_timeout_ms":10000},
        "timeout_ms":30000,"stop_timeout_ms":5000,"state":"ended","pid":123,"created":"2026-11-22T12:04:00.000000Z",
        "started":"2026-11-22T12:04:00.001000Z","ended":"2026-11-22T12:04:02.301000Z","duration_us":2300000,"reason":"",
        "usage":{"user_us":1500,"system_us":900,"max_rss_kb":3200,"minor_faults":100,"major_faults":0,"blocks_in":0,
          "blocks_out":0},
        "stdout":{"bytes":6,"dropped":0},"stderr":{"bytes":2048,"dropped":1024},"late":false,"leftovers":[],"reduced":["nice"],"proof":"cgroup",
        "outcome":"exited","code":3,"signal":null,"core":null,"errno":null,"stage":null,"oom":false,
        "tail":[{"time":"2026-11-22T12:04:01.000000Z","stream":"stdout","late":false,"text":"a\nb"},
          {"time":"2026-11-22T12:04:01.000000Z","stream":"stdout","late":false,"text":"c\n"},
          {"time":"2026-11-22T12:04:02.000000Z","stream":"stderr","late":false,"base64":"/wo="}]})");
}

inline nlohmann::json operation()
{
    return nlohmann::json::parse(R"({"id":"01J0OP","action":"restart","service":"smbd","state":"done","result":"ok",
        "reason":"","created":"2026-11-22T12:04:00.000000Z","ended":"2026-11-22T12:04:02.500000Z",
        "asked_by":{"uid":0,"pid":99,"command":"processctl"},"runs":["01J0RUN"],"proof":"cgroup","survivors":[]})");
}

inline nlohmann::json abilities()
{
    return nlohmann::json::parse(R"({"by":"daemon","checked":"2026-11-22T12:05:00.000000Z",
        "process":{"pid":12,"uid":0,"kernel":"6.1.0","capabilities":["chown","kill"],"seccomp":"filter","no_new_privs":false},
        "abilities":[
          {"name":"memfd","what":"w","has":true,"errno":null,"reason":"","detail":"","used_by":"rings","instead":"i","given_by":"g"},
          {"name":"clone3","what":"one call","has":false,"errno":38,"reason":"Function not implemented","detail":"",
            "used_by":"starts","instead":"fork","given_by":"a profile"},
          {"name":"nf_tables","what":"rules","has":null,"errno":null,"reason":"","detail":"not \u001bloaded",
            "used_by":"nft","instead":"nothing","given_by":"a module"}]})");
}

inline nlohmann::json system()
{
    return nlohmann::json::parse(R"({"version":"0.1.0","time":"2026-11-22T12:05:00.000000Z","epoch":"1763800000000000",
        "boot_id":"b","keeper":{"pid":10,"started":"2026-11-22T08:53:00.000000Z","version":"0.1.0","memory_kb":600,
          "orphans_reaped":0},
        "manager":{"pid":11,"incarnation":1,"started":"2026-11-22T08:53:00.000000Z","version":"0.1.0","memory_kb":3000,
          "previous_end":"first_start","previous_status":null},
        "abilities":{"clone3":true},"proof":"cgroup","cgroup":"/sys/fs/cgroup/x","config_dir":"/etc/ctdb-processd",
        "state_dir":"/var/lib/ctdb-processd","runtime_dir":"/run/ctdb-processd","socket":"/run/ctdb-processd/api.socket",
        "config":{"loaded":"2026-11-22T08:53:00.000000Z","error":null},
        "counts":{"services":3,"services_ready":2,"services_failed":0,"runs_active":0,"runs_recorded":5,
          "operations_open":0,"connections":1,"followers":0,"output_dropped_bytes":0},
        "stopping":false,"stop_deadline":null,"you":{"uid":0,"pid":99,"level":"admin"}})");
}

} // namespace test
