#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A symbol server that misbehaves as told: HTTP/1.1 on 127.0.0.1, for tests only.

    scripted_upstream.py --root DIR --port-file FILE --log FILE [--script FILE.json] [--port N]

It binds a free port (or N), writes the number to --port-file (by rename, so a reader
sees all of it) once it listens, and ends on SIGTERM.  It serves the files below
DIR by their exact names; anything else is 404.  Asked as an HTTP proxy it
answers in place of whatever server is named.

What it saw:
    LOG            one line per request when its head has been read: "GET /a/b/c"
    LOG.details    the same as JSON lines: connection (1, 2, ...: a kept
                   connection repeats its number), method, path, headers
    LOG.times      JSON lines, in seconds of the wall clock: {"request": N,
                   "path": ..., "start": T, "beside": [N, ...]}, and once it is
                   over {"request": N, "end": T, "how": "whole"|"gone"|"cut"}:
                   all was sent, the client left, or a behaviour said so.
                   "beside" are requests for the same path under way whose
                   clients are still there.

What it does to a request is told by a behaviour, a JSON object.  The first that
applies is taken from
    1. DIR/<path>.behaviour    read anew for every request, so a test may change it
    2. the script, {"/prefix": behaviour, ...}, longest prefix first
Either may also be a list of behaviours: the first that is not used up counts.
A behaviour file with another text counts anew; write it by rename where requests
may be under way.

    first_n: N            only for the first N requests that it would apply to
  before the reply
    delay_ms: N           wait
    hang: true            never answer (the connection closes after 60 s)
    wait_for: "FILE"      wait until FILE exists (relative: below DIR), 60 s at
                          most; with hold_at the wait is in the body instead
  the reply
    status: N             default 200; then the body is "body" or a short text
    headers: {k: v}       more headers, or other values for ours; null drops one
    redirect: "URL"       302 (or status) with that Location; {port}: our own
    body: "text"          instead of the file
    file: "PATH"          another file below DIR
    html: true            a sign-in page with status 200
    encode: "gzip"|"zlib"|"deflate"|"zstd"   compress the body and say so in
                          Content-Encoding ("deflate" is raw deflate, "zlib" is
                          announced as deflate; zstd needs the zstd program)
    content_length: N     a lie; "+10" and "-10" count from the truth
    no_content_length: true   the end of the body is the end of the connection
    chunked: true         Transfer-Encoding: chunked
  while the body is sent
    hold_at: N            wait for wait_for after N bytes
    chunk_bytes: N, chunk_delay_ms: N   trickle: wait after every N bytes
    truncate_at: N        close the connection after N bytes
    reset_at: N           the same with a TCP reset
"""
import argparse
import gzip
import http.server
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.parse
import zlib

LONGEST_WAIT_S = 60
KILLED_CLIENT_S = 0.2
SIGN_IN_PAGE = b"<!DOCTYPE html>\n<html><title>Sign in</title><body>Please sign in.</body></html>\n"


def is_there(connection):
    """Whether the client has not closed its connection."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


class Cut(Exception):
    """The connection ends here, in whatever state the reply is."""


class State:
    """What all connections share."""

    def __init__(self, options):
        self.root = os.path.abspath(options.root)
        self.log_path = options.log
        self.script = json.load(open(options.script)) if options.script else {}
        self.lock = threading.Lock()
        self.uses = {}
        self.under_way = {}
        self.ended = {}
        self.requests = 0
        self.connections = 0
        self.port = 0

    def next_connection(self):
        with self.lock:
            self.connections += 1
            return self.connections

    def log(self, connection, method, path, headers):
        details = {"connection": connection, "method": method, "path": path, "headers": headers}
        with self.lock:
            with open(self.log_path + ".details", "a") as file:
                file.write(json.dumps(details) + "\n")
            with open(self.log_path, "a") as file:
                file.write(f"{method} {path}\n")

    def log_time(self, facts):
        with open(self.log_path + ".times", "a") as file:
            file.write(json.dumps(facts) + "\n")

    def begin(self, path, connection):
        """Notes the start of a request; its number."""
        beside = [one for one in self.others(path) if is_there(one[1])]
        if beside:
            # a killed client's locks may be gone a moment before its connections
            time.sleep(KILLED_CLIENT_S)
            whole = self.take_ended(beside)
            beside = [one for one in beside if one in whole or (one in self.others(path) and is_there(one[1]))]
        with self.lock:
            self.requests += 1
            number = self.requests
            self.under_way.setdefault(path, []).append((number, connection))
            self.log_time({"request": number, "path": path, "start": time.time(), "beside": [n for n, _ in beside]})
        return number

    def others(self, path):
        with self.lock:
            return list(self.under_way.get(path, []))

    def take_ended(self, requests):
        with self.lock:
            return [one for one in requests if self.ended.get(one[0]) == "whole"]

    def end(self, path, number, how):
        with self.lock:
            self.under_way[path] = [one for one in self.under_way[path] if one[0] != number]
            self.ended[number] = how
            self.log_time({"request": number, "end": time.time(), "how": how})

    def file_of(self, path):
        """The file that a URL path or a name in a behaviour means, or None."""
        name = os.path.normpath(os.path.join(self.root, path.lstrip("/")))
        return name if name.startswith(self.root + os.sep) and "\0" not in name else None

    def behaviour_of(self, path):
        control = self.file_of(path + ".behaviour")
        if control and os.path.isfile(control):
            with open(control) as file:
                text = file.read()
            found = self.unused(path + "\n" + text, json.loads(text))
            if found is not None:
                return found
        for prefix in sorted(self.script, key=len, reverse=True):
            if path.startswith(prefix):
                found = self.unused(prefix, self.script[prefix])
                if found is not None:
                    return found
        return {}

    def unused(self, key, behaviours):
        if isinstance(behaviours, dict):
            behaviours = [behaviours]
        with self.lock:
            for number, behaviour in enumerate(behaviours):
                used = self.uses.get((key, number), 0)
                if used < behaviour.get("first_n", used + 1):
                    self.uses[(key, number)] = used + 1
                    return behaviour
        return None


def encode(body, coding):
    """The compressed body and its name in Content-Encoding."""
    if coding == "gzip":
        return gzip.compress(body), "gzip"
    if coding == "zlib":
        return zlib.compress(body), "deflate"
    if coding == "deflate":
        raw = zlib.compressobj(wbits=-15)
        return raw.compress(body) + raw.flush(), "deflate"
    if coding == "zstd":
        done = subprocess.run(["zstd", "-q", "-c"], input=body, stdout=subprocess.PIPE, check=True)
        return done.stdout, "zstd"
    raise ValueError(f"unknown encoding {coding}")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    state = None

    def setup(self):
        super().setup()
        self.connection_number = self.state.next_connection()

    def log_message(self, *args):
        pass

    def do_GET(self):
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        self.state.log(self.connection_number, self.command, self.path, dict(self.headers.items()))
        number = self.state.begin(path, self.connection)
        self.behaviour = self.state.behaviour_of(path)
        how = "whole"
        try:
            self.before_reply()
            self.reply(path)
        except (Cut, ConnectionError, socket.timeout) as end:
            how = "cut" if isinstance(end, Cut) else "gone"
            self.close_connection = True
        finally:
            self.state.end(path, number, how)

    do_HEAD = do_GET

    def before_reply(self):
        time.sleep(self.behaviour.get("delay_ms", 0) / 1000)
        if self.behaviour.get("hang"):
            time.sleep(LONGEST_WAIT_S)
            raise Cut
        if "hold_at" not in self.behaviour:
            self.wait_for_file()

    def wait_for_file(self):
        name = self.behaviour.get("wait_for")
        if name is None:
            return
        name = os.path.join(self.state.root, name)
        end = time.monotonic() + LONGEST_WAIT_S
        while not os.path.exists(name):
            if time.monotonic() > end:
                raise Cut
            time.sleep(0.005)

    def reply(self, path):
        status, body = self.content(path)
        headers = {}
        if "redirect" in self.behaviour:
            headers["Location"] = self.behaviour["redirect"].replace("{port}", str(self.state.port))
        if self.behaviour.get("html"):
            headers["Content-Type"] = "text/html; charset=utf-8"
        if "encode" in self.behaviour:
            body, headers["Content-Encoding"] = encode(body, self.behaviour["encode"])
        self.add_framing(headers, len(body))
        headers.update(self.behaviour.get("headers", {}))
        self.send_response(status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.send_body(body)

    def content(self, path):
        """Status and body, before encoding."""
        behaviour = self.behaviour
        if behaviour.get("status") in (204, 304):
            return behaviour["status"], b""
        if behaviour.get("html"):
            return behaviour.get("status", 200), SIGN_IN_PAGE
        if "redirect" in behaviour:
            return behaviour.get("status", 302), b""
        if "body" in behaviour:
            return behaviour.get("status", 200), behaviour["body"].encode()
        name = self.state.file_of(behaviour.get("file", path))
        if "status" in behaviour and "file" not in behaviour and behaviour["status"] // 100 != 2:
            return behaviour["status"], f"status {behaviour['status']}\n".encode()
        if name is None or not os.path.isfile(name) or name.endswith(".behaviour"):
            return 404, b"Symbol Not Found\n"
        with open(name, "rb") as file:
            return behaviour.get("status", 200), file.read()

    def add_framing(self, headers, length):
        if self.behaviour.get("chunked"):
            headers["Transfer-Encoding"] = "chunked"
        elif self.behaviour.get("no_content_length"):
            headers["Connection"] = "close"
        else:
            told = self.behaviour.get("content_length", length)
            headers["Content-Length"] = length + int(told) if isinstance(told, str) else told
            # a connection with a wrong length cannot be kept
            if headers["Content-Length"] != length:
                self.close_connection = True

    def send_body(self, body):
        step = self.behaviour.get("chunk_bytes", 65536)
        pause_s = self.behaviour.get("chunk_delay_ms", 0) / 1000
        keys = ("hold_at", "truncate_at", "reset_at")
        stops = [self.behaviour[key] for key in keys if key in self.behaviour]
        at = 0
        self.stop_at(at)
        while at < len(body):
            end = min([at + step, len(body)] + [stop for stop in stops if stop > at])
            self.send_part(body[at:end])
            at = end
            self.stop_at(at)
            time.sleep(pause_s)
        if self.behaviour.get("chunked"):
            self.wfile.write(b"0\r\n\r\n")

    def send_part(self, part):
        if self.behaviour.get("chunked"):
            part = b"%x\r\n%s\r\n" % (len(part), part)
        self.wfile.write(part)
        self.wfile.flush()

    def stop_at(self, at):
        if self.behaviour.get("hold_at") == at:
            self.wait_for_file()
        if self.behaviour.get("truncate_at") == at:
            raise Cut
        if self.behaviour.get("reset_at") == at:
            # let the client take what was sent: a reset throws unread bytes away
            time.sleep(0.05)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            raise Cut


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request, client_address):
        # a client that goes away is what many tests are about; a bad behaviour file is not
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def shutdown_request(self, request):
        try:
            super().shutdown_request(request)
        except OSError:
            pass


def main():
    parser = argparse.ArgumentParser(description="A symbol server that misbehaves as told, for tests.")
    parser.add_argument("--root", required=True)
    parser.add_argument("--port-file", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--script")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    Handler.state = State(options)
    server = Server(("127.0.0.1", options.port), Handler)
    Handler.state.port = server.server_address[1]
    open(options.log, "a").close()
    with open(options.port_file + ".new", "w") as file:
        file.write(f"{Handler.state.port}\n")
    os.rename(options.port_file + ".new", options.port_file)
    server.serve_forever(poll_interval=60)


if __name__ == "__main__":
    main()
