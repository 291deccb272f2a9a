#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""nsm_clients.py DEAD…: answers SM_NOTIFY, and rpcbind's question before it, for all of 127.0.0.0/8 but the DEAD addresses.

Prints "SERVER CLIENT NAME STATE TIME" for each SM_NOTIFY, and "ready" first.
"""
import socket
import struct
import sys
import time

STATD_PORT = 4045
dead = set(sys.argv[1:])
sockets = {}
for port in (111, STATD_PORT):
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO: to which address it came, and from which to answer
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    opened.bind(("0.0.0.0", port))
    sockets[opened.fileno()] = opened
print("ready", flush=True)

import select  # noqa: E402

while True:
    for number in select.select(list(sockets), [], [])[0]:
        opened = sockets[number]
        data, control, _, sender = opened.recvmsg(65536, 1024)
        interface, _, address = struct.unpack("=I4s4s", control[0][2][:12])
        client = socket.inet_ntoa(address)
        if client in dead:
            continue
        xid, _, _, program = struct.unpack(">4I", data[:16])
        result = b""
        if program == 100000:
            result = struct.pack(">I", STATD_PORT)
        else:
            length = struct.unpack(">I", data[40:44])[0]
            name = data[44 : 44 + length].decode()
            state = struct.unpack(">i", data[-4:])[0]
            print(sender[0], client, name, state, time.time(), flush=True)
        reply = struct.pack(">6I", xid, 1, 0, 0, 0, 0) + result
        info = struct.pack("=I4s4s", 0, address, bytes(4))
        opened.sendmsg([reply], [(socket.IPPROTO_IP, 8, info)], 0, sender)
