#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A service manager's ear: writes what sd_notify sends to PATH into LOG, for tests only.

    notify_socket.py PATH LOG

One line a message: milliseconds since 1970, a space, the message with its own
line ends as spaces.
"""
import socket
import sys
import time


def main():
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ear.bind(sys.argv[1])
    with open(sys.argv[2], "w", buffering=1) as log:
        while True:
            message = ear.recv(4096).decode().strip().replace("\n", " ")
            log.write(f"{time.time_ns() // 1000000} {message}\n")


if __name__ == "__main__":
    main()
