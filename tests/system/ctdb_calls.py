#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""ctdb_calls.py SOCKET DB-ID COUNT: asks ctdbd for COUNT records at once, as smbd does to have them migrated.

Each is a record of its own, so that each that ctdbd can't lock has a lock helper of its own. Prints "sent" when all are
on their way and "answered N" when all have been answered.
"""
import socket
import struct
import sys

path, db_id, count = sys.argv[1], int(sys.argv[2], 0), int(sys.argv[3])
MAGIC, VERSION, CALL, REPLY_CALL, REPLY_ERROR = 0x43544442, 1, 0, 1, 4
THIS_NODE, FETCH, MIGRATE = 0xF0000001, 0xFF000002, 1

connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
connection.connect(path)
for number in range(count):
    key = b"record %06d\0" % number
    body = struct.pack("=6I", MIGRATE, db_id, FETCH, 0, len(key), 0) + key
    body += b"\0" * (-len(body) % 8)
    connection.sendall(struct.pack("=8I", 32 + len(body), MAGIC, VERSION, 0, CALL, THIS_NODE, 0, number + 1) + body)
print("sent", flush=True)

answered, errors, rest = set(), 0, b""
while len(answered) < count:
    got = connection.recv(65536)
    if not got:
        sys.exit(f"ctdbd closed the connection after {len(answered)} answers")
    rest += got
    while len(rest) >= 32:
        length, _, _, _, operation, _, _, request = struct.unpack("=8I", rest[:32])
        if len(rest) < length:
            break
        rest = rest[length:]
        if operation in (REPLY_CALL, REPLY_ERROR):
            answered.add(request)
            errors += operation == REPLY_ERROR
print(f"answered {len(answered)}, {errors} with an error")
sys.exit(1 if errors else 0)
