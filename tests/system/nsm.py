#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""nsm.py [-t tcp|udp] [-s HOST] mon|unmon|unmon-all|notify NAME [OPTION…]: what a lock manager or a rebooted peer says to statd.

  mon NAME [-c COOKIE]      SM_MON; prints the result, 0 for granted
  unmon NAME                SM_UNMON
  unmon-all                 SM_UNMON_ALL
  notify NAME STATE         SM_NOTIFY
  pairs COUNT NAME          COUNT times mon and unmon of NAME; prints seconds

Asks rpcbind for statd's port and talks to it from a reserved port, as statd wants. Exit code 0 if statd answered.
"""
import argparse
import socket
import struct
import sys
import time

LOCKD, LOCKD_VERSION, LOCKD_PROCEDURE = 100021, 4, 16


def text(value):
    data = value.encode(errors="surrogateescape")
    return struct.pack(">I", len(data)) + data + bytes(-len(data) % 4)


class Caller:
    """One socket from a reserved port; calls and their answers."""

    def __init__(self, transport, host, port):
        kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
        self.transport = transport
        self.xid = 0
        for source in range(1000, 600, -1):
            self.socket = socket.socket(socket.AF_INET, kind)
            self.socket.settimeout(60)
            try:
                self.socket.bind(("", source))
                self.socket.connect((host, port))
                return
            except OSError:
                self.socket.close()
        raise SystemExit("no reserved port is free")

    def call(self, program, version, procedure, arguments):
        self.xid += 1
        message = struct.pack(">10I", self.xid, 0, 2, program, version, procedure, 0, 0, 0, 0) + arguments
        if self.transport == "tcp":
            message = struct.pack(">I", 0x80000000 | len(message)) + message
        self.socket.sendall(message)
        reply = self.receive()
        xid, kind, status, _, length = struct.unpack(">5I", reply[:20])
        accepted = struct.unpack(">I", reply[20 + length : 24 + length])[0]
        if (xid, kind, status, accepted) != (self.xid, 1, 0, 0):
            raise SystemExit(f"not accepted: {reply.hex()}")
        return reply[24 + length :]

    def receive(self):
        if self.transport == "udp":
            return self.socket.recv(65536)
        size = struct.unpack(">I", self.exactly(4))[0] & 0x7FFFFFFF
        return self.exactly(size)

    def exactly(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                raise SystemExit("the connection was closed")
            data += piece
        return data


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-t", dest="transport", choices=["udp", "tcp"], default="udp")
    parser.add_argument("-s", dest="host", default="127.0.0.1")
    parser.add_argument("-c", dest="cookie", default="cookie")
    parser.add_argument("what", choices=["mon", "unmon", "unmon-all", "notify", "pairs"])
    parser.add_argument("rest", nargs="*")
    options = parser.parse_args()

    rpcbind = Caller("udp", options.host, 111)
    protocol = 6 if options.transport == "tcp" else 17
    port = struct.unpack(">I", rpcbind.call(100000, 2, 3, struct.pack(">4I", 100024, 1, protocol, 0)))[0]
    if port == 0:
        raise SystemExit("statd is not registered")
    statd = Caller(options.transport, options.host, port)
    me = text("127.0.0.1") + struct.pack(">3I", LOCKD, LOCKD_VERSION, LOCKD_PROCEDURE)

    def mon(name):
        cookie = options.cookie.encode()[:16].ljust(16, b"\0")
        return struct.unpack(">2I", statd.call(100024, 1, 2, text(name) + me + cookie))[0]

    def unmon(name):
        statd.call(100024, 1, 3, text(name) + me)

    if options.what == "mon":
        print(mon(options.rest[0]))
    elif options.what == "unmon":
        unmon(options.rest[0])
    elif options.what == "unmon-all":
        statd.call(100024, 1, 4, me)
    elif options.what == "notify":
        statd.call(100024, 1, 6, text(options.rest[0]) + struct.pack(">I", int(options.rest[1])))
    else:
        began = time.monotonic()
        for _ in range(int(options.rest[0])):
            mon(options.rest[1])
            unmon(options.rest[1])
        print(f"{time.monotonic() - began:.3f}")


sys.exit(main())
