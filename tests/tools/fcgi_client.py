#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A bad FastCGI client, where a web server would be a good one; for tests only.

    fcgi_client.py SOCKET URI BODY-FILE [--cut N] [--no-reading FILE]

Posts the body and prints how it ended, as JSON: "seconds" until the server
closed the connection, "bytes" that came, "status" of the answer or null,
"whole": whether the record that ends a request has come.

    --cut N            sends only the first N bytes of the request, negative: all but the last N
    --no-reading FILE  reads nothing before FILE exists
"""
import argparse
import json
import os
import re
import socket
import struct
import time

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6
LONGEST_S = 60


def record(kind, content=b""):
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def stream(kind, data):
    parts = [record(kind, data[at:at + 65528]) for at in range(0, len(data), 65528)]
    return b"".join(parts) + record(kind)


def pair(name, value):
    return struct.pack(">II", len(name) | 1 << 31, len(value) | 1 << 31) + name + value


def request(uri, body):
    params = {
        "REQUEST_METHOD": "POST", "REQUEST_URI": uri, "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost",
        "CONTENT_LENGTH": str(len(body)),
    }
    encoded = b"".join(pair(name.encode(), value.encode()) for name, value in params.items())
    return record(BEGIN, struct.pack(">HB5x", 1, 0)) + stream(PARAMS, encoded) + stream(STDIN, body)


def read_all(connection):
    got = []
    while True:
        try:
            part = connection.recv(1 << 20)
        except ConnectionError:
            part = b""
        if not part:
            return b"".join(got)
        got.append(part)


def unpack(data):
    """The text of the answer, and whether its end has come."""
    text, at = [], 0
    while at + 8 <= len(data):
        kind, length, padding = data[at + 1], *struct.unpack(">HB", data[at + 4:at + 7])
        if kind == STDOUT:
            text.append(data[at + 8:at + 8 + length])
        at += 8 + length + padding
        if kind == END:
            return b"".join(text), at <= len(data)
    return b"".join(text), False


def main():
    parser = argparse.ArgumentParser(description="A bad FastCGI client, for tests.")
    parser.add_argument("socket")
    parser.add_argument("uri")
    parser.add_argument("body")
    parser.add_argument("--cut", type=int)
    parser.add_argument("--no-reading")
    options = parser.parse_args()

    with open(options.body, "rb") as file:
        data = request(options.uri, file.read())
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(LONGEST_S)
    connection.connect(options.socket)
    start = time.monotonic()
    connection.sendall(data[:options.cut])
    while options.no_reading and not os.path.exists(options.no_reading):
        time.sleep(0.02)
    text, whole = unpack(read_all(connection))
    status = re.match(rb"Status: (\d+)", text)
    print(json.dumps({
        "seconds": round(time.monotonic() - start, 3), "bytes": len(text),
        "status": int(status.group(1)) if status else None, "whole": whole,
    }))


if __name__ == "__main__":
    main()
