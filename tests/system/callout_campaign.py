#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""callout_campaign.py SEED SCHEDULES [shared_dir]: random schedules of the callout and its helper on three nodes, against a model.

The nodes are directories that share the ctdbd of $CTDB_BASE; what ctdbd would know of their public addresses is told by a
wrapper of ctdb. Clients are addresses of 127.0.0.0/8 at which this program answers for rpcbind and statd. A schedule
is made of clients that come and go, addresses that move, nodes that die and come back with what CTDB keeps of them, and updates;
the callout and the helper, with the ctdb below it, may be killed at random instants.

The model knows of each record whether it may be there. What was acknowledged and neither taken back nor notified has to be in the
store in the end; what was notified, or taken back, has to be gone. Only a kill leaves both open, until the next look.
"""
import os
import random
import re
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

BIN = os.environ["BIN_DIR"]
TOP = os.environ["T"] + "/campaign"
DB = "callout.tdb"
SHARED = TOP + "/shared"
SERVERS = ["10.99.0.%d" % i for i in (101, 102, 103)]
CLIENTS = ["127.1.0.%d" % i for i in range(1, 6)]
STATD_PORT = 4045
PRESENT, ABSENT = "present", "absent"
TRACE = []  # what this schedule did, for whoever has to find out why it failed


class Clients(threading.Thread):
    """Answers for all clients, and remembers which server address told which client."""

    def __init__(self):
        super().__init__(daemon=True)
        self.told = set()
        self.selector = selectors.DefaultSelector()
        for client in CLIENTS:
            for port in (111, STATD_PORT):
                opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                opened.bind((client, port))
                self.selector.register(opened, selectors.EVENT_READ, client)

    def run(self):
        while True:
            for key, _ in self.selector.select():
                data, sender = key.fileobj.recvfrom(65536)
                xid, _, _, program = struct.unpack(">4I", data[:16])
                result = b""
                if program == 100000:
                    result = struct.pack(">I", STATD_PORT)
                else:
                    self.told.add((sender[0], key.data))
                key.fileobj.sendto(struct.pack(">6I", xid, 1, 0, 0, 0, 0) + result, sender)


class Node:
    def __init__(self, number, mode):
        self.number = number
        self.top = f"{TOP}/node{number}"
        os.makedirs(self.top + "/sm", exist_ok=True)
        os.makedirs(self.top + "/sm.bak", exist_ok=True)
        os.makedirs(self.top + "/scripts", exist_ok=True)
        with open(self.top + "/ctdb", "w") as wrapper:
            wrapper.write(
                f'#!/bin/sh\ncase "$*" in\n"-X ip all") cat {TOP}/owners ;;\npnn) echo {number} ;;\n*) exec ctdb "$@" ;;\nesac\n'
            )
        os.chmod(self.top + "/ctdb", 0o755)
        location = SHARED if mode == "shared_dir" else DB
        self.environment = dict(
            os.environ,
            CTDB=self.top + "/ctdb",
            CTDB_SCRIPT_VARDIR=self.top + "/scripts",
            CTDB_STATD_CALLOUT_STATE_DIR=self.top + "/kept",
            CTDB_STATD_CALLOUT_SM_DIR=self.top + "/sm",
            CTDB_STATD_CALLOUT_SHARED_STORAGE=f"{mode}:{location}",
            CTDB_STATD_CALLOUT_CONFIG_FILE=self.top + "/kept/statd_callout.conf",
            CTDB_STATD_CALLOUT_DURABILITY="none",
        )

    def run(self, *words, kill=False):
        """True if it ended well; kill may end it, and what it started, at a random instant."""
        TRACE.append((self.number, *words, "kill" if kill else ""))
        process = subprocess.Popen(
            [BIN + "/" + words[0], *words[1:]], env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        if kill:
            time.sleep(random.random() * 0.02)
            try:
                with open(f"/proc/{process.pid}/task/{process.pid}/children") as listed:
                    children = [int(pid) for pid in listed.read().split()]
            except OSError:
                children = []
            process.kill()
            for pid in children if random.random() < 0.5 else []:
                kill_process(pid)
        error = process.stderr.read().decode()
        process.stderr.close()
        code = process.wait()
        self.complaint = "" if kill or "clients notified" in error else error
        if code not in (0, 1, -signal.SIGKILL) or (code == 1 and not self.complaint):
            raise SystemExit(f"node {self.number}: {' '.join(words)}: exit code {code}: {error}")
        return code == 0

    def helper(self, *words, kill=False):
        """What was not killed is repeated until it works: a killed transaction may have made ctdbd recover."""
        deadline = time.monotonic() + 120
        while True:
            good = self.run("statd_callout_helper", *words, kill=kill)
            if not self.complaint:
                return good
            if time.monotonic() > deadline:
                raise SystemExit(f"node {self.number}: {' '.join(words)}: {self.complaint}")
            time.sleep(0.2)

    def set_cache(self, servers):
        path = self.top + "/scripts/my-public-ip-addresses"
        with open(path + ".new", "w") as cache:
            cache.write("".join(server + "\n" for server in servers))
        os.rename(path + ".new", path)


class Cluster:
    def __init__(self, mode):
        os.makedirs(TOP, exist_ok=True)
        self.mode = mode
        self.clients = Clients()
        self.clients.start()
        self.owner = {server: None for server in SERVERS}
        self.nodes = [Node(number, mode) for number in range(3)]
        self.possible = {(s, c): {ABSENT} for s in SERVERS for c in CLIENTS}
        self.fresh = set()  # registered with the owner since it has the address
        self.taken = {}  # addresses whose clients are to be notified: what was possible when they were taken
        self.doubtful = set()  # addresses at which a kill may have left something for later
        self.tell_owners()
        for node in self.nodes:
            node.set_cache([])
            node.helper("startup")
        for server in SERVERS:
            self.take(server, random.randrange(3))

    def tell_owners(self):
        with open(TOP + "/owners.new", "w") as owners:
            owners.write("|Public IP|Node|ActiveInterface|AvailableInterfaces|ConfiguredInterfaces|\n")
            for server, owner in self.owner.items():
                owners.write(f"|{server}|{-1 if owner is None else owner}|lo|lo|lo|\n")
        os.rename(TOP + "/owners.new", TOP + "/owners")

    def hosted(self, number):
        return [server for server in SERVERS if self.owner[server] == number]

    # What may happen.

    def register(self, add, kill):
        number, client = random.randrange(3), random.choice(CLIENTS)
        node = self.nodes[number]
        good = node.run("statd_callout", "add-client" if add else "del-client", client, "me", kill=kill)
        if node.complaint:
            raise SystemExit(f"the callout of node {number}: {node.complaint}")
        for server in self.hosted(number):
            key = (server, client)
            becomes = {PRESENT} if add else {ABSENT} | ({PRESENT} if server in self.doubtful else set())
            self.possible[key] = becomes if good else self.possible[key] | becomes
            if add:
                self.fresh.add(key)
            elif not good and self.mode == "persistent_db":
                self.doubtful.add(server)

    def update(self, kill):
        number = random.randrange(3)
        self.nodes[number].helper("update", kill=kill)

    def take(self, server, number, kill=False):
        """As our early event script: before the address is in the cache."""
        self.taken[server] = {client: set(self.possible[server, client]) for client in CLIENTS}
        self.clients.told -= {(server, client) for client in CLIENTS}
        self.fresh -= {(server, client) for client in CLIENTS}
        if not self.nodes[number].helper("takeip", server, kill=kill):
            self.doubtful.add(server)
            self.nodes[number].helper("takeip", server)  # CTDB repeats a takeover run that failed
        self.owner[server] = number
        self.nodes[number].set_cache(self.hosted(number))
        self.tell_owners()

    def move(self, kill):
        server = random.choice(SERVERS)
        old, new = self.owner[server], random.randrange(3)
        if old == new:
            return
        self.owner[server] = None
        self.nodes[old].set_cache(self.hosted(old))
        self.owner[server] = old
        if not self.nodes[old].helper("releaseip", server, kill=kill):
            self.doubt(server)
        self.take(server, new, kill and random.random() < 0.5)

    def doubt(self, server):
        """Changes may wait at a node that has lost the address: an add arrives late, even after the new owner's delete; a delete never does."""
        self.doubtful.add(server)
        for client in CLIENTS:
            self.possible[server, client] = self.possible[server, client] | ({PRESENT} if self.ever(server, client) else set())

    def ever(self, server, client):
        return True  # an add may have been under way at any time

    def die(self):
        """A node loses its addresses without an event, and ctdbd's start wipes what CTDB's scripts keep."""
        dead = random.randrange(3)
        servers = self.hosted(dead)
        for server in servers:
            self.doubt(server)
            self.take(server, (dead + random.choice([1, 2])) % 3)
        subprocess.run(["rm", "-rf", self.nodes[dead].top + "/scripts"], check=True)
        os.mkdir(self.nodes[dead].top + "/scripts")
        self.nodes[dead].helper("startup")
        self.nodes[dead].set_cache([])

    def notify(self, number, kill=False):
        good = self.nodes[number].helper("notify", kill=kill)
        for server in self.hosted(number):
            if server not in self.taken:
                continue
            for client, then in self.taken[server].items():
                key = (server, client)
                told = key in self.clients.told
                if good and not told and then == {PRESENT} and server not in self.doubtful:
                    raise SystemExit(f"{client} was not notified of {server}")
                if told and not (key in self.fresh and good and server not in self.doubtful):
                    kept = good and server not in self.doubtful
                    self.possible[key] = {ABSENT} if kept else self.possible[key] | {ABSENT}
            if good:
                del self.taken[server]

    # Judging.

    def stored(self):
        if self.mode == "shared_dir":
            found = [name.split("@")[1:] for name in os.listdir(SHARED) if name.startswith("statd-state@")]
        else:
            listed = subprocess.run(["ctdb", "catdb", DB], capture_output=True, check=True, text=True).stdout
            found = re.findall(r'^key\(\d+\) = "statd-state@([^@]*)@([^"]*)"$', listed, re.M)
        return {tuple(key) for key in found}

    def judge(self):
        for node in self.nodes:
            node.helper("update")
        for node in self.nodes:
            self.notify(node.number)
        stored = self.stored()
        for key, possible in self.possible.items():
            found = PRESENT if key in stored else ABSENT
            if found not in possible:
                raise SystemExit(f"the record {key} is {found}; told: {key in self.clients.told}")
            self.possible[key] = {found}
        self.doubtful.clear()

    def schedule(self):
        for _ in range(random.randrange(4, 12)):
            kill = random.random() < 0.3
            dice = random.random()
            if dice < 0.4:
                self.register(True, kill)
            elif dice < 0.55:
                self.register(False, kill)
            elif dice < 0.7:
                self.update(kill)
            elif dice < 0.85:
                self.move(kill)
            elif dice < 0.95:
                self.notify(random.randrange(3), kill)
            else:
                self.die()
        self.judge()


def kill_process(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it has ended by itself


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    random.seed(seed)
    cluster = Cluster(sys.argv[3] if len(sys.argv) > 3 else "persistent_db")
    for number in range(count):
        try:
            TRACE.clear()
            cluster.schedule()
        except SystemExit as problem:
            for step in TRACE:
                print(*step)
            raise SystemExit(f"seed {seed}, schedule {number}: {problem}") from None
    print(f"{count} schedules with seed {seed}")


main()
