#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tdb_lock.py PATH FLAGS [KEY]: holds a lock of a tdb as smbd would, through libtdb, until standard input ends.

FLAGS as ctdbd has them, 0x… . Without KEY the lock is on the whole database. Prints "locked" once it has it.
"""
import ctypes
import os
import sys


class Data(ctypes.Structure):
    _fields_ = [("dptr", ctypes.c_char_p), ("dsize", ctypes.c_size_t)]


path, flags = sys.argv[1], int(sys.argv[2], 0)
tdb = ctypes.CDLL("libtdb.so.1")
tdb.tdb_open.restype = ctypes.c_void_p
tdb.tdb_open.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int]
tdb.tdb_lockall.argtypes = [ctypes.c_void_p]
tdb.tdb_chainlock.argtypes = [ctypes.c_void_p, Data]
handle = tdb.tdb_open(path.encode(), 0, flags, os.O_RDWR, 0o600)
if not handle:
    sys.exit(f"{path} can't be opened")
if len(sys.argv) > 3:
    key = sys.argv[3].encode()
    result = tdb.tdb_chainlock(handle, Data(key, len(key)))
else:
    result = tdb.tdb_lockall(handle)
if result != 0:
    sys.exit(f"{path} can't be locked")
print("locked", flush=True)
sys.stdin.read()
