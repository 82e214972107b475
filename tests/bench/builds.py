#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Keeps a pool's fetchers busy: a symbol server with any number of builds of one module, and clients who ask for them.

    builds.py --sym FILE.sym --port N [--ask URL --clients N --bodies FILE] --count-file FILE

Serves /NAME/ID/NAME.sym for every ID: FILE with ID in its MODULE line.  With --ask that many clients post the
first body of --bodies, whose one module's id is replaced by a new one each time.  Ends on SIGTERM, when all have
their answers, and writes how many builds were answered to --count-file.
"""
import argparse
import http.client
import http.server
import itertools
import json
import os
import signal
import sys
import threading
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sym = None

    def log_message(self, *args):
        pass

    def do_GET(self):
        parts = self.path.strip("/").split("/")
        if len(parts) != 3:
            self.send_error(404)
            return
        with open(self.sym, "rb") as file:
            words = file.readline().split(b" ")
            words[3] = parts[1].encode()
            head, start, size = b" ".join(words), file.tell(), os.fstat(file.fileno()).st_size
            self.send_response(200)
            self.send_header("Content-Length", str(len(head) + size - start))
            self.end_headers()
            self.wfile.write(head)
            self.wfile.flush()
            try:
                while start < size:
                    start += os.sendfile(self.connection.fileno(), file.fileno(), start, min(size - start, 1 << 20))
            except ConnectionError:
                self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


class Clients:
    def __init__(self, options):
        self.url = urllib.parse.urlsplit(options.ask)
        with open(options.bodies) as file:
            self.body = json.loads(file.readline())
        # never the same in two runs
        self.ids = itertools.count(int.from_bytes(os.urandom(8), "big") << 32)
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.done = self.failed = 0
        self.threads = [threading.Thread(target=self.run) for _ in range(options.clients)]
        for thread in self.threads:
            thread.start()

    def new_body(self):
        with self.lock:
            build = f"{next(self.ids):032X}1"
        text = json.dumps(self.body)
        modules = (self.body["jobs"][0] if "jobs" in self.body else self.body)["memoryMap"]
        return text.replace(modules[0][1], build)

    def run(self):
        while not self.over.is_set():
            good = self.ask(self.new_body())
            with self.lock:
                self.done += good
                self.failed += not good

    def ask(self, body):
        connection = http.client.HTTPConnection(self.url.netloc, timeout=120)
        try:
            connection.request("POST", "/symbolicate/v5", body, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            text = reply.read()
            return reply.status == 200 and b'"function"' in text
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def finish(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sym", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ask")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--bodies")
    parser.add_argument("--count-file")
    options = parser.parse_args()
    Handler.sym = options.sym
    server = Server(("127.0.0.1", options.port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    clients = Clients(options) if options.ask else None
    stop.wait()
    if clients:
        clients.finish()
        with open(options.count_file, "w") as file:
            file.write(f"{clients.done} {clients.failed}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
