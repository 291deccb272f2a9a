#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""cluster_campaign.py SEED SCHEDULES PID PID PID: random schedules on the three nodes of lib-cluster.sh, against a model.

Clients come and go by the callout; addresses are moved, nodes disabled and shut down, ctdbd and the helper killed. The clients' hosts are played
by nsm_clients.py, whose output in $T/told says who was notified. A record whose last word was an add has to be in the database
in the end; one whose last word was a delete or a notification has to be gone, unless something was killed that had it in hand.
"""
import os
import random
import re
import signal
import subprocess
import sys
import time

TOP = os.environ["T"]
SERVERS = ["10.99.0.%d" % i for i in (101, 102, 103)]
CLIENTS = ["10.99.0.%d" % i for i in range(201, 206)]
PIDS = sys.argv[3:6]
DB = os.environ.get("DB", "ctdb.tdb")
TRACE = []


def on(number, *words, check=True, timeout=60):
    command = ["nsenter", "-t", PIDS[number], "-n", "-m", "-p", *words]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    if check and ran.returncode != 0:
        raise SystemExit(f"node {number}: {' '.join(words)}: {ran.returncode}: {ran.stdout}{ran.stderr}")
    return ran.stdout


def hosted(number):
    """What the node itself believes: the cache of its public addresses."""
    try:
        with open(f"{TOP}/n{number}/lib/ctdb/scripts/my-public-ip-addresses") as cache:
            return set(cache.read().split())
    except FileNotFoundError:
        return set()


def told():
    """The last time at which each client was notified by each address."""
    times = {}
    with open(TOP + "/told") as lines:
        for line in lines:
            words = line.split()
            if len(words) == 5:
                times[words[0], words[1]] = float(words[4])
    return times


def wait_for(sentence, condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited in vain: {sentence}")
        time.sleep(0.1)


def node_is_ok(number):
    flags = re.findall(r"^\|(\d+)\|[^|]+((?:\|[01])+)\|[YN]\|$", on(number, "ctdb", "-X", "nodestatus", check=False), re.M)
    return len(flags) == 1 and "1" not in flags[0][1]


def quiet():
    """All addresses are hosted, and nobody is about to notify."""
    listed = on(next(n for n in range(3) if node_is_ok(n)), "ctdb", "-X", "ip", "all", check=False)
    owners = dict(re.findall(r"^\|(10\.99\.0\.10[123])\|(-?\d+)\|", listed, re.M))
    if sorted(owners) != SERVERS or "-1" in owners.values():
        return False
    for number in range(3):
        if not all((server in hosted(number)) == (owners[server] == str(number)) for server in SERVERS):
            return False
        try:
            with open(f"{TOP}/n{number}/lib/ctdb/scripts/service/nfs/statd_callout/new_ips.txt") as taken:
                if taken.read():
                    return False
        except FileNotFoundError:
            return False
    return not helpers()


def helpers():
    found = []
    for pid in os.listdir("/proc"):
        try:
            with open(f"/proc/{pid}/comm") as comm:
                if pid.isdigit() and comm.read().strip() == "statd_callout_h":
                    found.append(int(pid))
        except OSError:
            pass
    return found


class Campaign:
    def __init__(self):
        self.last = {(s, c): ("del", 0.0) for s in SERVERS for c in CLIENTS}
        self.doubt = set()  # addresses where something was killed

    def register(self):
        number, client = random.randrange(3), random.choice(CLIENTS)
        what = random.choice(["add", "add", "del"])
        before = hosted(number)
        on(number, "/etc/ctdb/statd-callout", what + "-client", client, "me")
        TRACE.append(f"{what} {client} at {number} of {sorted(before)}")
        for server in before:
            self.last[server, client] = (what, time.time())

    def move(self):
        server, target = random.choice(SERVERS), random.randrange(3)
        TRACE.append(f"move {server} to {target}")
        on(target, "ctdb", "moveip", server, str(target), check=False)
        on(target, "ctdb", "ipreallocate", check=False)  # moveip alone runs no ipreallocated event

    def disable(self):
        number = random.randrange(3)
        TRACE.append(f"disable {number}")
        on(number, "ctdb", "disable")
        wait_for("the addresses of a disabled node move", lambda: not hosted(number))
        self.settle()
        on(number, "ctdb", "enable")
        wait_for("an enabled node is OK", lambda: node_is_ok(number))

    def kill_ctdbd(self):
        number = random.randrange(3)
        TRACE.append(f"kill ctdbd of {number}")
        self.doubt |= hosted(number)
        with open(f"{TOP}/n{number}/run/ctdbd.pid") as pid:
            on(number, "kill", "-KILL", pid.read().strip())
        on(number, "pkill", "-KILL", "-x", "ctdb-eventd", check=False)
        on(number, "/etc/ctdb/ctdb-crash-cleanup.sh", check=False)
        for name in ("eventd.pid", "ctdbd.pid"):
            try:
                os.unlink(f"{TOP}/n{number}/run/{name}")
            except FileNotFoundError:
                pass
        self.start_ctdbd(number)

    def shut_down(self):
        """In order. While ctdbd is away and what CTDB's scripts keep is gone, rpc.statd may still call."""
        number = random.randrange(3)
        TRACE.append(f"shut down {number}")
        on(number, "ctdb", "shutdown")
        wait_for("ctdbd ends", lambda: on(number, "pgrep", "-x", "ctdbd", check=False) == "")
        on(number, "rm", "-rf", "/var/lib/ctdb/scripts")
        # It goes by the addresses that the node had last: a record too many, and a late one, but none is missing.
        with open(f"{TOP}/n{number}/lib/ctdb-processd/statd/my-public-ip-addresses") as kept:
            servers = kept.read().split()
        on(number, "/etc/ctdb/statd-callout", "add-client", CLIENTS[0], "me")
        TRACE.append(f"add {CLIENTS[0]} at {number}, which is down, of {servers}")
        for server in servers:
            self.last[server, CLIENTS[0]] = ("add", time.time())
            self.doubt.add(server)
        self.start_ctdbd(number)

    def start_ctdbd(self, number):
        log = open(f"{TOP}/n{number}/out", "a")
        subprocess.Popen(["nsenter", "-t", PIDS[number], "-n", "-m", "-p", "ctdbd", "-i"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for("a restarted node is OK", lambda: node_is_ok(number))

    def kill_helpers(self):
        """During a takeover."""
        TRACE.append("kill helpers")
        self.doubt |= set(SERVERS)
        self.move()
        for _ in range(random.randrange(1, 4)):
            for pid in helpers():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(random.random() * 0.1)

    def settle(self):
        wait_for("the cluster is quiet", quiet)

    def stored(self):
        listed = on(0, "ctdb", "catdb", DB)
        return set(re.findall(r'^key\(\d+\) = "statd-state@([^@]*)@([^"]*)"$', listed, re.M))

    def wrong(self):
        stored, notified = self.stored(), told()
        for key, (what, when) in self.last.items():
            since = notified.get(key, 0.0) > when
            must = what == "add" and not since
            if must and key not in stored:
                return f"{key} is missing"
            if key in stored and (what == "del" or since) and key[0] not in self.doubt:
                return f"{key} is still there after {what if not since else 'a notification'}"
        return None

    def judge(self):
        self.settle()
        for number in range(3):
            on(number, "/usr/libexec/ctdb/statd_callout_helper", "update")
        wait_for_no = time.monotonic() + 30
        while (problem := self.wrong()) and time.monotonic() < wait_for_no:
            time.sleep(0.5)
            for number in range(3):
                on(number, "/usr/libexec/ctdb/statd_callout_helper", "update")
        if problem:
            raise SystemExit(problem)
        stored = self.stored()
        for key in self.last:
            self.last[key] = ("add" if key in stored else "del", time.time())
        self.doubt.clear()

    def schedule(self):
        for _ in range(random.randrange(2, 6)):
            for _ in range(random.randrange(1, 6)):
                self.register()
            random.choices([self.move, self.disable, self.kill_ctdbd, self.shut_down, self.kill_helpers], [6, 2, 1, 1, 2])[0]()
            self.settle()
        self.judge()


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    random.seed(seed)
    campaign = Campaign()
    campaign.settle()
    for number in range(count):
        try:
            TRACE.clear()
            campaign.schedule()
        except SystemExit as problem:
            print("\n".join(TRACE))
            raise SystemExit(f"seed {seed}, schedule {number}: {problem}") from None
        print(f"schedule {number}: {len(TRACE)} steps, {len(campaign.stored())} records", flush=True)


main()
