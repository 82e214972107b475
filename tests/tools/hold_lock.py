#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds an open-file-description lock until it is killed, for tests only.

    hold_lock.py FILE OFFSET LENGTH HELD

Creates the file HELD once it has the lock.
"""
import fcntl
import os
import signal
import struct
import sys

F_OFD_SETLKW = 38  # <fcntl.h>


def main():
    path, offset, length, held = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    fd = os.open(path, os.O_RDWR)
    lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, offset, length, 0)
    fcntl.fcntl(fd, F_OFD_SETLKW, lock)
    open(held, "w").close()
    signal.pause()


if __name__ == "__main__":
    main()
