# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the daemon for everything there is and compares what it says with docs/openapi.yaml; see contract.py.

Called by replies-keep-the-contract.sh with OPENAPI, CONFIG, T and CTDB_PROCESSD_SOCKET in the environment. Ends by shutting
the daemon down. Exit code 1 with one line for each difference.
"""

import http.client
import os
import signal
import socket
import sys
import time

from contract import Contract

T, CONFIG, SOCKET = os.environ["T"], os.environ["CONFIG"], os.environ["CTDB_PROCESSD_SOCKET"]
contract = Contract(os.environ["OPENAPI"], SOCKET)
ask = contract.ask
NDJSON = "application/x-ndjson"


def expect(reply, status, kind=None):
    if reply.status != status or (kind and reply.value.get("kind") != kind):
        contract.complain("a request", f"expected {status} {kind or ''}, got {reply.status}: {reply.value}")
    return reply.value


def until(what, sentence):
    deadline = time.monotonic() + 30
    while True:
        try:
            if value := what():
                return value
        except (ConnectionError, http.client.HTTPException):
            pass  # no manager just now
        if time.monotonic() > deadline:
            sys.exit(f"waited in vain: {sentence}")
        time.sleep(0.05)


def ended(line):
    return line["type"] == "run" and line["run"]["state"] == "ended"


def as_nobody(act):
    """The kernel notes the effective ids of whoever connects."""
    os.setgroups([])
    os.setegid(65534)
    os.seteuid(65534)
    act()
    os.seteuid(0)
    os.setegid(0)


def half_a_request():
    client = socket.socket(socket.AF_UNIX)
    client.connect(SOCKET)
    client.sendall(b"POST /v1/runs HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
    text = b""
    while piece := client.recv(65536):
        text += piece
    head, body = text.split(b"\r\n\r\n", 1)
    status = int(head.split()[1])
    schema = contract.documented("POST", "/v1/runs", status, "application/problem+json", "a slow request")
    problem = contract.parsed(body, "a slow request")
    contract.judge(schema, problem, "a slow request")
    contract.kinds.add(problem.get("kind"))


# --- runs -----------------------------------------------------------------------------------------------------------

everything = {
    "command": ["sh", "-c", "cat; printf '\\377'; echo oops >&2; exit 3", "sh", "--password=hunter2"],
    "user": "nobody", "group": "nogroup", "groups": ["nogroup"], "cwd": "/tmp", "umask": 0o77,
    "environment": {"A": "b"}, "nice": 5, "io_class": "best-effort", "io_level": 7, "scheduler": "batch",
    "priority": 0, "cpus": [0], "oom_score_adj": 100, "limits": {"nofile": 100, "core": {"soft": 0, "hard": "unlimited"}},
    "ring_bytes": 131072, "spawn_timeout_ms": 5000, "timeout_ms": 20000, "stop_timeout_ms": 1000, "stdin": "in\n",
    "redact": ["--password=*"], "capabilities": ["CAP_KILL"], "capability_bounds": ["CAP_KILL", "CAP_CHOWN"], "no_new_privs": True,
    "bind": [{"source": "/etc", "target": "/mnt", "read_only": True}],
    "cgroup": {"memory_max_bytes": 1 << 30, "memory_high_bytes": 1 << 29, "memory_low_bytes": 1, "memory_swap_max_bytes": 1 << 20,
               "pids_max": 100, "cpu_weight": 200, "cpu_max_percent": 400, "io_weight": 50, "other": {"memory.oom.group": "1"}},
}
with open(f"{T}/environment", "w", encoding="utf-8") as file:
    file.write("FROM_FILE=yes\n")
expect(ask("PUT", "/v1/runs/all-keys?wait=30s", {**everything, "environment_file": f"{T}/environment"}), 200)
expect(ask("PUT", "/v1/runs/all-keys", {**everything, "environment_file": f"{T}/environment"}), 200)
expect(ask("PUT", "/v1/runs/all-keys", everything), 409, "conflict")
run = expect(ask("GET", "/v1/runs/all-keys"), 200)
if (run["outcome"], run["code"]) != ("exited", 3):
    contract.complain("a run with every key", f"{run}")
if "hunter2" in str(run):
    contract.complain("a run with a secret", f"{run['process']['command']}")
expect(ask("POST", "/v1/runs?wait=30s", {"command": ["true"], "stdin_base64": "AA=="}), 200)
ask("POST", "/v1/runs", {"command": ["sh", "-c", "echo hello; sleep 0.1; echo more"]}, NDJSON, ended)
ask("PUT", "/v1/runs/streamed", {"command": ["sh", "-c", "echo hello; printf '\\377'"]}, NDJSON, ended)
tokens = [line["seq"] for line in ask("GET", "/v1/runs/streamed/output").value]
ask("PUT", f"/v1/runs/streamed?after={tokens[0]}", {"command": ["sh", "-c", "echo hello; printf '\\377'"]}, NDJSON, ended)
ask("GET", "/v1/runs/streamed/output?follow=1", enough=ended)
many = expect(ask("POST", "/v1/runs?wait=30s", {"command": ["sh", "-c", "head -c 300000 /dev/zero"], "ring_bytes": 131072}), 200)
ask("GET", f"/v1/runs/{many['id']}/output")
for command, options, outcome in [
    (["sh", "-c", "kill -SEGV $$"], {"limits": {"core": "unlimited"}, "cwd": os.environ["T"]}, "signaled"),
    # More files than any kernel permits.
    (["true"], {"limits": {"nofile": 1 << 40}, "as_permitted": ["limits"]}, "exited"),
    (["sleep", "1000"], {"timeout_ms": 50}, "timed_out"),
    (["/nowhere"], {}, "spawn_failed"),
    (["true"], {"bind": [{"source": "/nowhere", "target": "/mnt"}]}, "spawn_failed"),
    (["true"], {"user": "nosuchuser"}, "spawn_failed"),
]:
    run = expect(ask("POST", "/v1/runs?wait=30s", {"command": command, **options}), 200)
    if run["outcome"] != outcome:
        contract.complain(str(command), f"outcome {run['outcome']}")
# What it leaves behind is killed, and may say something late.
expect(ask("POST", "/v1/runs?wait=30s", {"command": ["sh", "-c", "trap '' TERM; (while :; do echo late; done) & exit 0"]}), 200)
expect(ask("PUT", "/v1/runs/bytes?wait=30s", {"command": ["printf", "\\377\\n"]}), 200)
expect(ask("GET", "/v1/logs?run=bytes"), 200)
expect(ask("PUT", "/v1/runs/waited?wait=1ms", {"command": ["sleep", "1000"]}), 202)
expect(ask("POST", "/v1/runs", {"command": ["sleep", "0"]}), 202)
expect(ask("GET", "/v1/runs/waited?wait=1ms"), 202)
expect(ask("GET", "/v1/runs/waited"), 200)
expect(ask("HEAD", "/v1/runs/waited"), 200)
expect(ask("DELETE", "/v1/runs/waited"), 202)
expect(ask("DELETE", "/v1/runs/waited?wait=30s"), 200)
expect(ask("GET", "/v1/runs?limit=2"), 200)
expect(ask("GET", "/v1/runs?limit=1000"), 200)
for i in range(6):
    expect(ask("PUT", f"/v1/runs/sleeper-{i}", {"command": ["sleep", "1000"]}), 202)
expect(ask("POST", "/v1/runs", {"command": ["true"]}), 429, "limit")

# --- services and operations ----------------------------------------------------------------------------------------

expect(ask("GET", "/v1/abilities"), 200)
expect(ask("GET", "/v1/health"), 503)
expect(ask("GET", "/v1/health?level=ready"), 503)
expect(ask("GET", "/v1/health?level=alive"), 200)
expect(ask("GET", "/v1/health?level=dead"), 400, "bad_request")
os.setgroups([4321])
expect(ask("GET", "/v1/whoami"), 200)
os.setgroups([])
expect(ask("GET", "/v1/whoami?x=1"), 400, "unknown_key")
expect(ask("GET", "/v1/metrics"), 200)
expect(ask("GET", "/v1/metrics", accept="text/plain"), 200)
expect(ask("GET", "/v1/metrics?x=1"), 400, "unknown_key")
expect(ask("GET", "/v1/config"), 200)
expect(ask("GET", "/v1/config?x=1"), 400, "unknown_key")
for name in ("processd", "well", "backup", "page"):
    expect(ask("GET", f"/v1/config/{name}"), 200)
as_nobody(lambda: expect(ask("GET", "/v1/config/stays"), 200))
expect(ask("GET", "/v1/config/wel"), 404, "not_found")
# Declared over the API.
declaration = {"service": {"command": ["sleep", "1000"], "start": "auto"}}
expect(ask("PUT", "/v1/services/guest", declaration), 201)
expect(ask("PUT", "/v1/services/guest", declaration), 200)
expect(ask("PUT", "/v1/services/guest", {"service": {"command": ["sleep", "999", "&"]}}), 200)
expect(ask("PUT", "/v1/services/guest", {"service": {"command": ["sleep", "999"]}}), 200)
expect(ask("PUT", "/v1/services/needy", {"service": {"command": ["sleep", "999"], "requires": ["guest"], "start": "manual"}}), 201)
expect(ask("GET", "/v1/services/guest"), 200)
expect(ask("GET", "/v1/config/guest"), 200)
expect(ask("DELETE", "/v1/services/guest"), 409, "conflict")
expect(ask("DELETE", "/v1/services/needy?wait=30s"), 200)
until(lambda: ask("GET", "/v1/services/guest").value["state"] == "ready", "the guest is ready")
expect(ask("DELETE", "/v1/services/guest"), 202)
expect(ask("GET", "/v1/services"), 200)
for name in ("well", "fails", "waits"):
    expect(ask("GET", f"/v1/services/{name}"), 200)
for action in ("stop", "start", "restart", "reload"):
    expect(ask("POST", f"/v1/services/goes/{action}?wait=30s"), 200)
expect(ask("POST", "/v1/services/goes/signal?wait=30s", {"signal": "CONT", "scope": "tree"}), 200)
for action in ("hold", "hold", "release", "reset"):
    expect(ask("POST", f"/v1/services/well/{action}"), 200)
    expect(ask("GET", "/v1/services/well"), 200)
expect(ask("GET", "/v1/services/well/why"), 200)
expect(ask("GET", "/v1/services?group=files"), 200)
expect(ask("GET", "/v1/groups"), 200)
for action in ("stop", "start", "restart"):
    whole = expect(ask("POST", f"/v1/groups/files/{action}?wait=30s"), 200)
    expect(ask("GET", f"/v1/operations/{whole['parts'][0]}"), 200)
for action in ("stop", "start", "restart"):
    expect(ask("POST", f"/v1/groups/files/{action}"), 202)
until(lambda: ask("GET", "/v1/services/goes").value["state"] == "ready", "goes is ready again")
# In this order none of them can be done at once: it runs, its end takes a moment, and a restart begins with that.
for action in ("stop", "start", "restart"):
    expect(ask("POST", f"/v1/services/well/{action}"), 202)
expect(ask("POST", "/v1/services/goes/reload"), 200)
expect(ask("POST", "/v1/services/goes/signal", {"signal": "CONT"}), 200)
expect(ask("POST", "/v1/services/fails/stop?wait=30s"), 200) # and with it what requires it
waiting = expect(ask("POST", "/v1/services/waits/start"), 202)
expect(ask("GET", f"/v1/operations/{waiting['id']}"), 200)
expect(ask("GET", f"/v1/operations/{waiting['id']}?wait=1ms"), 202)
expect(ask("GET", "/v1/services/waits"), 200)
expect(ask("GET", "/v1/operations?limit=1"), 200)
expect(ask("GET", "/v1/operations"), 200)
ask("GET", "/v1/watch", enough=lambda line: line["type"] == "snapshot_end")
expect(ask("DELETE", f"/v1/operations/{waiting['id']}"), 200)
expect(ask("GET", "/v1/operations?state=done"), 200)
expect(ask("POST", "/v1/services/broken/signal", {"signal": "HUP"}), 409, "conflict")

# --- jobs -------------------------------------------------------------------------------------------------------------

expect(ask("POST", "/v1/jobs/backup/run?wait=30s"), 200)
expect(ask("POST", "/v1/jobs/nowhere/run?wait=30s"), 200)
lasting = expect(ask("POST", "/v1/jobs/lasting/run?wait=1ms"), 202)
expect(ask("POST", "/v1/jobs/lasting/run"), 409, "conflict")
until(lambda: ask("GET", "/v1/jobs/lasting").value["running"][0]["started"], "a job runs")
until(lambda: ask("GET", "/v1/jobs/page").value["pending"], "a hook waits for its quiet time to end")
expect(ask("GET", "/v1/jobs"), 200)
expect(ask("GET", "/v1/jobs?x=1"), 400, "unknown_key")
ask("GET", "/v1/watch", enough=lambda line: line["type"] == "job")
expect(ask("DELETE", f"/v1/operations/{lasting['id']}"), 200)
expect(ask("GET", "/v1/jobs/bakup"), 404, "not_found")
expect(ask("POST", "/v1/jobs/bakup/run"), 404, "not_found")
expect(ask("POST", "/v1/jobs/backup/run?x=1"), 400, "unknown_key")
as_nobody(lambda: expect(ask("POST", "/v1/jobs/backup/run"), 403, "forbidden"))

# A service whose program is not there, and a manager that is not the first.
expect(ask("POST", "/v1/services/broken/start?wait=30s"), 200)
expect(ask("GET", "/v1/services/broken"), 200)
manager = ask("GET", "/v1/system").value["manager"]["pid"]
os.kill(manager, signal.SIGKILL)
until(lambda: ask("GET", "/v1/system").value["manager"]["pid"] != manager, "another manager serves")
upgrade = expect(ask("POST", "/v1/upgrade"), 202)
until(lambda: ask("GET", f"/v1/operations/{upgrade['id']}").value.get("state") == "done", "the upgrade is done")

# --- the rest -------------------------------------------------------------------------------------------------------

until(lambda: ask("GET", "/v1/system").value["keeper"]["memory_kb"], "the keeper's memory is known")
expect(ask("HEAD", "/v1/system"), 200)
expect(ask("GET", "/v1/logs?limit=100"), 200)
expect(ask("GET", "/v1/logs?after=1.1"), 200)
ask("GET", "/v1/logs?follow=1&after=1.1", enough=lambda line: line["type"] == "line")
ask("GET", "/v1/logs?follow=1", enough=lambda line: line["type"] == "line")
ask("GET", "/v1/watch?after=1.1", enough=lambda line: line["type"] == "snapshot_end")

# A service that goes, told to a watcher that was there before.
watching = ask("GET", "/v1/watch", enough=lambda line: line["type"] == "snapshot_end")
until(lambda: ask("GET", "/v1/services/goes").value["state"] == "ready", "goes is ready")
os.rename(f"{CONFIG}/goes.toml", f"{T}/goes.toml")
expect(ask("POST", "/v1/reload"), 200)
expect(ask("GET", "/v1/services/goes"), 200)
expect(ask("POST", "/v1/services/goes/stop?wait=30s"), 200)
ask("GET", f"/v1/watch?after={watching.value[-1]['seq']}", enough=lambda line: line["type"] == "service_gone")
os.rename(f"{CONFIG}/page.toml", f"{T}/page.toml")
expect(ask("POST", "/v1/reload"), 200)
ask("GET", f"/v1/watch?after={watching.value[-1]['seq']}", enough=lambda line: line["type"] == "job_gone")
with open(f"{CONFIG}/well.toml", "a", encoding="utf-8") as file:
    file.write("[service.restart]\ndelay = \"2s\"\n")
with open(f"{CONFIG}/stays.toml", encoding="utf-8") as file:
    before = file.read()
with open(f"{CONFIG}/stays.toml", "w", encoding="utf-8") as file:
    file.write(before.replace('"1GiB"', '"2GiB"'))
with open(f"{CONFIG}/stays.conf", "w", encoding="utf-8") as file:
    file.write("This is not read, of which a warning tells.\n")
until(lambda: ask("GET", "/v1/system").value["config"]["differs_on_disk"], "the disk is seen to differ")
expect(ask("PUT", "/v1/services/guest", declaration), 201)
expect(ask("GET", "/v1/plan"), 200)
expect(ask("DELETE", "/v1/services/guest?wait=30s"), 200)
expect(ask("POST", "/v1/reload"), 200)
expect(ask("GET", "/v1/services/stays"), 200)
with open(f"{CONFIG}/wrong.toml", "w", encoding="utf-8") as file:
    file.write('[service]\ncomand = ["a"]\n')
expect(ask("GET", "/v1/plan"), 422, "bad_config")
expect(ask("POST", "/v1/reload"), 422, "bad_config")
expect(ask("POST", "/v1/upgrade"), 409, "upgrade_refused")
expect(ask("GET", "/v1/system"), 200)

# --- mistakes -------------------------------------------------------------------------------------------------------

expect(ask("GET", "/v1/system?x=1"), 400, "unknown_key")
expect(ask("GET", "/v1/abilities?x=1"), 400, "unknown_key")
expect(ask("GET", "/v1/plan?x=1"), 400, "unknown_key")
expect(ask("POST", "/v1/reload?x=1"), 400, "unknown_key")
expect(ask("POST", "/v1/shutdown?x=1"), 400, "unknown_key")
expect(ask("POST", "/v1/upgrade?x=1"), 400, "unknown_key")
expect(ask("GET", "/v1/watch?after=x"), 400, "bad_request")
expect(ask("GET", "/v1/services?x=1"), 400, "unknown_key")
expect(ask("GET", "/v1/services/wel"), 404, "not_found")
for action in ("start", "stop", "restart", "reload", "hold", "release", "reset"):
    expect(ask("POST", f"/v1/services/wel/{action}"), 404, "not_found")
expect(ask("GET", "/v1/services/wel/why"), 404, "not_found")
expect(ask("GET", "/v1/services?group=file"), 404, "not_found")
expect(ask("GET", "/v1/groups?x=1"), 400, "unknown_key")
for action in ("start", "stop", "restart"):
    expect(ask("POST", f"/v1/groups/file/{action}"), 404, "not_found")
expect(ask("POST", "/v1/services/well/signal", {"signal": "NO"}), 400, "bad_request")
expect(ask("GET", "/v1/operations?state=no"), 400, "bad_request")
expect(ask("GET", "/v1/operations/no"), 404, "not_found")
expect(ask("DELETE", "/v1/operations/no"), 404, "not_found")
expect(ask("GET", "/v1/runs?kind=no"), 400, "bad_request")
expect(ask("GET", "/v1/runs/no"), 404, "not_found")
expect(ask("DELETE", "/v1/runs/no"), 404, "not_found")
expect(ask("GET", "/v1/runs/no/output"), 404, "not_found")
expect(ask("GET", "/v1/logs?service=no"), 404, "not_found")
expect(ask("POST", "/v1/runs", "{"), 400, "bad_json")
expect(ask("POST", "/v1/runs", {"comand": ["true"]}), 400, "unknown_key")
expect(ask("POST", "/v1/runs", " " * 70000), 413, "too_large")
expect(ask("GET", "/v1/sistem"), 404, "not_found")
expect(ask("POST", "/v1/services/well"), 405, "method_not_allowed")
expect(ask("PUT", "/v1/services/well", declaration), 409, "conflict")
expect(ask("PUT", "/v1/services/guest", "{"), 422, "bad_config")
expect(ask("PUT", "/v1/services/guest"), 400, "bad_json")
expect(ask("PUT", "/v1/services/GUEST", declaration), 400, "bad_request")
expect(ask("PUT", "/v1/services/guest", {"service": {"comand": ["sleep"]}}), 422, "bad_config")
expect(ask("PUT", "/v1/services/guest?x=1", declaration), 400, "unknown_key")
expect(ask("DELETE", "/v1/services/guest"), 404, "not_found")
as_nobody(lambda: expect(ask("PUT", "/v1/services/guest", declaration), 403, "forbidden"))
half_a_request()
as_nobody(lambda: expect(ask("GET", "/v1/runs/all-keys"), 200))
as_nobody(lambda: expect(ask("GET", "/v1/whoami"), 200))
as_nobody(lambda: expect(ask("POST", "/v1/runs", {"command": ["true"]}), 403, "forbidden"))

# --- the end --------------------------------------------------------------------------------------------------------

expect(ask("POST", "/v1/shutdown"), 202)
expect(ask("GET", "/v1/system"), 200)
expect(ask("POST", "/v1/runs", {"command": ["true"]}), 503, "unavailable")
expect(ask("PUT", "/v1/services/guest", declaration), 503, "unavailable")

# Bugs of ours, a disk that is full, processes that do not die, controllers of cgroups, and what is wrong on disk have tests of
# their own.
elsewhere = {"kind internal", "kind storage", "Config.errors", "Service.stuck", "Operation.survivors", "Run.strangers",
             "System.cgroup_controllers", "Service.last.oom", "Service.last.oom_limit_bytes", "Run.oom", "Run.oom_limit_bytes", "Job.last.oom",
             "Job.last.oom_limit_bytes", "Config.errors", "Config.errors.file", "Config.errors.line", "Config.errors.key",
             "Config.errors.message", "System.config.transient_set_aside", "System.config.transient_set_aside.service",
             "System.config.transient_set_aside.reason"}
complaints = contract.complaints + contract.unseen(elsewhere)
print("\n".join(complaints))
sys.exit(1 if complaints else 0)
