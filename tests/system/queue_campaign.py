#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""queue_campaign.py SEED SCHEDULES: random schedules of queued-db on a running ctdbd, against a model.

Each schedule is some changes by queued-db put, del and load, some of them while a flush is under way, and flushes; any of these
processes, or the ctdb ptrans below it, may be killed at a random instant, and the log's end torn as a power cut would. What
was acknowledged has to be in the database after the last flush, what was not may be: the model knows all values a key may have.
"""
import os
import random
import re
import signal
import subprocess
import sys
import time

DB = "campaign.tdb"
QUEUES = os.environ["T"] + "/queues"
COMMAND = [os.environ["BIN_DIR"] + "/queued-db", "--dir", QUEUES, "--timeout", "60s"]
KEYS = ["k%d" % i for i in range(12)]


def start(*words, text=None):
    stdin = subprocess.PIPE if text is not None else subprocess.DEVNULL
    process = subprocess.Popen(COMMAND + list(words), stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if text is not None:
        process.stdin.write(text.encode())
        process.stdin.close()
    return process


def end(process, kill_after):
    """Exit code, or None if it was killed; what it had started goes with it."""
    if kill_after is not None:
        time.sleep(kill_after)
        children = []
        try:
            with open(f"/proc/{process.pid}/task/{process.pid}/children") as listed:
                children = [int(pid) for pid in listed.read().split()]
        except OSError:
            pass
        for pid in children:
            kill_process(pid)
        if not children or random.random() < 0.7:
            process.kill()
    code = process.wait()
    error = process.stderr.read().decode()
    process.stderr.close()
    if code not in (0, -signal.SIGKILL) and kill_after is None and "flush" not in process.args:
        raise SystemExit(f"{process.args}: exit code {code}: {error}")
    return code


def instant():
    return random.random() * 0.012 if random.random() < 0.4 else None


def change(model):
    """One put, del or load, and what the model makes of it."""
    operations = {}
    for _ in range(random.choice([1, 1, 1, 5])):
        operations[random.choice(KEYS)] = random.choice([None, str(random.randrange(10**6))])
    if len(operations) == 1:
        key, value = next(iter(operations.items()))
        process = start("del", DB, key) if value is None else start("put", DB, key, value)
    else:
        process = start("load", DB, text="".join(f'"{k}" "{v or ""}"\n' for k, v in operations.items()))
    code = end(process, instant())
    for key, value in operations.items():
        model[key] = {value} if code == 0 else model[key] | {value}


def tear():
    """What a power cut in the middle of a write may leave behind the acknowledged part of the log."""
    try:
        with open(f"{QUEUES}/{DB}/log", "ab") as log:
            log.write(os.urandom(random.randrange(1, 60)) if random.random() < 0.5 else bytes(random.randrange(1, 60)))
    except FileNotFoundError:
        pass


def database():
    listed = subprocess.run(["ctdb", "catdb", DB], capture_output=True, check=True, text=True).stdout
    keys = re.findall(r'^key\(\d+\) = "(k\d+)"$', listed, re.M)
    values = re.findall(r'^key\(\d+\) = "k\d+"\n(?:.*\n)*?data\(\d+\) = "(.*)"$', listed, re.M)
    return dict(zip(keys, values))


def flush():
    """A killed transaction may have made ctdbd recover, so it may take several tries."""
    deadline = time.monotonic() + 120
    while True:
        process = start("flush", DB)
        error = process.stderr.read().decode()
        process.stderr.close()
        if process.wait() == 0:
            return
        if time.monotonic() > deadline:
            raise SystemExit(f"flush: {error}")
        time.sleep(0.2)


def schedule(model):
    flushing = None
    for _ in range(random.randrange(3, 9)):
        dice = random.random()
        if dice < 0.65:
            change(model)
        elif dice < 0.7:
            tear()
        elif flushing is None:
            flushing = start("flush", DB)
            if random.random() < 0.5:
                end(flushing, instant())
                flushing = None
        else:
            end(flushing, instant())
            flushing = None
    if flushing is not None:
        end(flushing, instant())
    flush()
    found = database()
    for key, possible in model.items():
        if found.get(key) not in possible:
            raise SystemExit(f"{key} is {found.get(key)}, but should be one of {possible}")
        model[key] = {found.get(key)}
    end(start("check", DB), None)


def kill_process(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it has ended by itself


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    random.seed(seed)
    model = {key: {None} for key in KEYS}
    for number in range(count):
        try:
            schedule(model)
        except SystemExit as problem:
            raise SystemExit(f"seed {seed}, schedule {number}: {problem}") from None
    print(f"{count} schedules with seed {seed}")


main()
