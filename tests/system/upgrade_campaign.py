# SPDX-License-Identifier: GPL-3.0-or-later
"""upgrade_campaign.py SOCKET PROGRAM UPGRADES SEED ONE OTHER: upgrades under load, for upgrade-under-load-loses-nothing.sh.

Eight clients ask for runs, each with an exit code and output of its own, and look at the record once it has ended: how it
ended, and each byte. Meanwhile the programs of the directories ONE and OTHER, which are of different versions, are installed
as PROGRAM in turn, and each is asked to take over. Exit code 1 with a sentence as soon as something is wrong.
"""

import http.client
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time

PATIENCE = 120


class Connection(http.client.HTTPConnection):
    def __init__(self):
        super().__init__("localhost", timeout=PATIENCE)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(SOCKET)


def ask(method, target, body=None):
    """The reply, as soon as a manager is there that gives one: for what may be asked twice."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            connection = Connection()
            connection.request(method, target, body and json.dumps(body), {"Content-Type": "application/json"})
            reply = connection.getresponse()
            text = reply.read()
            if reply.status < 400:
                return json.loads(text)
            if reply.status != 503:
                raise AssertionError(f"{method} {target}: {reply.status} {text}")
        except (OSError, http.client.HTTPException):
            pass  # cut off by the end of a manager
        if time.monotonic() > until:
            raise AssertionError(f"{method} {target}: no answer for {PATIENCE} s")
        time.sleep(0.01)


def run_once(name, number):
    code = number % 256
    first = number * 100
    body = {
        "command": [
            "sh",
            "-c",
            f"seq {first} {first + 4}; sleep 0.0{number % 10}; seq {first + 5} {first + 9} >&2; exit {code}",
        ]
    }
    ask("PUT", f"/v1/runs/{name}-{number}", body)
    record = {"state": "running"}
    while record["state"] != "ended":  # an upgrade ends the wait before its time
        record = ask("GET", f"/v1/runs/{name}-{number}?wait=60s")
    said = {"stdout": "", "stderr": ""}
    for piece in record["tail"]:
        said[piece["stream"]] += piece["text"]
    wanted = {
        "stdout": "".join(f"{n}\n" for n in range(first, first + 5)),
        "stderr": "".join(f"{n}\n" for n in range(first + 5, first + 10)),
    }
    if (record["outcome"], record["code"], said) != ("exited", code, wanted):
        raise AssertionError(f"run {name}-{number} was to exit with {code}: {json.dumps(record)}")


def client(name):
    number = 0
    try:
        while not enough.is_set():
            number += 1
            run_once(name, number)
    except Exception as error:  # told by the main thread
        complaints.append(error)
    runs.append(number)


def upgrade(directory):
    shutil.copy2(f"{directory}/ctdb-processd-manager", f"{PROGRAM}-manager.new")
    os.rename(f"{PROGRAM}-manager.new", f"{PROGRAM}-manager")
    shutil.copy2(f"{directory}/ctdb-processd", f"{PROGRAM}.new")
    os.rename(f"{PROGRAM}.new", PROGRAM)
    version = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    connection = Connection()
    connection.request("POST", "/v1/upgrade")
    reply = connection.getresponse()
    operation = json.loads(reply.read())
    if reply.status != 202:
        raise AssertionError(f"an upgrade was refused: {operation}")
    while operation["state"] != "done":
        operation = ask("GET", f"/v1/operations/{operation['id']}?wait=60s")
    system = ask("GET", "/v1/system")
    seen = (operation["result"], system["version"], system["keeper"]["version"], system["manager"]["version"])
    if seen != ("ok", version, version, version):
        raise AssertionError(f"an upgrade to {version}: {operation}, now {seen}")


SOCKET, PROGRAM = sys.argv[1:3]
upgrades, seed = int(sys.argv[3]), int(sys.argv[4])
directories = sys.argv[5:7]
random.seed(seed)
enough = threading.Event()
complaints, runs = [], []
threads = [threading.Thread(target=client, args=(f"client{n}",), daemon=True) for n in range(8)]
for thread in threads:
    thread.start()
try:
    for done in range(upgrades):
        time.sleep(random.random() * 0.3)  # anything may be under way when it comes
        if complaints:
            break
        upgrade(directories[(done + 1) % 2])
finally:
    enough.set()
for thread in threads:
    thread.join(PATIENCE)
if complaints:
    sys.exit(str(complaints[0]))
print(f"{upgrades} upgrades, {sum(runs)} runs")
