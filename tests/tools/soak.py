#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Loads a pool with everything at once, for long, and looks whether anything grows.

    soak.py generate --symbols DIR [--modules N] [--max-mb N] --seed N
    soak.py run ... --seconds N --load PROGRAM      other options as killer.py's

Hits of two APIs in closed loops (--load is tests/bench/open_load), modules that come and go because the cache is
small, absent modules, debug actions, bad requests, clients that leave.  In the middle third the configuration is
reloaded again and again.  Memory, descriptors, pages and reader slots are sampled all the time; the second halves of
the first and the last third, in which processes have the same age, are held against each other, and the two halves
of the last sixth.

Prints lines for lib.sh: "ok NAME", "not ok NAME | WHY", "# NOTE".
"""
import argparse
import http.client
import json
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

from pool_tools import (FAILED, FIRST, STEP, Answers, Client, Pool, Verdict, add_options, descriptors, facts_of,
                        generate, make_modules, wait_for)

SAMPLES = 120
WARM_S = 60  # until a process has what it keeps: decoded names, open tables, buffers
ROWS = 16  # of the table that is printed
RELOADS = 12
HIT_MODULES = 4  # the smallest: asked for all the time, they stay in the cache
# What may come on top in the second of two spans: a share and an amount.
NOISE = {
    "memory_kb": (0.10, 1024),
    "descriptors": (0.0, 2),
    "file_mb": (0.02, 0.5),
    "pages": (0.15, 100),
    "used_pages": (0.05, 100),  # live, pending, dying and free: the file's
    "readers": (0.25, 4),
    "absent": (0.0, 1e9),  # bounded elsewhere, and growing until then
}


# ---- the load ----

class Background(threading.Thread):
    """Does one thing again and again until it is over."""

    def __init__(self, options, seed, pause_s=0.0):
        super().__init__(daemon=True)
        self.noise = random.Random(seed)
        self.host = urllib.parse.urlsplit(options.url[0]).netloc
        self.over = threading.Event()
        self.pause_s, self.count, self.failed = pause_s, 0, 0

    def run(self):
        while not self.over.is_set():
            try:
                self.act()
                self.count += 1
            except (OSError, http.client.HTTPException):
                self.failed += 1
            self.over.wait(self.pause_s)

    def post(self, path, body, expected):
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request("POST", path, body)
            reply = connection.getresponse()
            reply.read()
            if reply.status not in expected:
                raise ConnectionError(f"status {reply.status}")
        finally:
            connection.close()


class AbsentModules(Background):
    def act(self):
        module = [f"absent{self.noise.randrange(100000)}.so", f"{self.noise.getrandbits(128):032X}1"]
        self.post("/", json.dumps({"version": 4, "memoryMap": [module], "stacks": [[[0, 4096]]]}), (200,))


class BadRequests(Background):
    def act(self):
        path = self.noise.choice(["/", "/symbolicate/v4", "/symbolicate/v5"])
        body = self.noise.choice([b"", b"{", b"[]", b"\xff" * 1000, b'{"jobs":' + b"[" * 5000,
                                  b'{"stacks":[[[0,1]]],"memoryMap":[],"version":4}', self.noise.randbytes(200)])
        self.post(path, body, (400, 413))


class DebugActions(Background):
    modules = []

    def act(self):
        module = self.noise.choice(self.modules)
        question = {"debug": True, "action": self.noise.choice(["cacheExists", "cacheExists", "cacheEvict"]),
                    "libName": module.name, "breakpadId": module.id}
        self.post("/", json.dumps(question), (200,))


class Leavers(Background):
    """Asks for a module and does not wait for the answer; or does not even ask to the end."""
    modules = []

    def act(self):
        module = self.noise.choice(self.modules)
        body = json.dumps({"version": 4, "memoryMap": [[module.name, module.id]], "stacks": [[[0, FIRST]]]})
        head = f"POST / HTTP/1.1\r\nHost: soak\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        host, port = self.host.split(":")
        with socket.create_connection((host, int(port)), 10) as connection:
            connection.sendall(head[:self.noise.choice([20, len(head) - 5, len(head), len(head)])].encode())
            time.sleep(self.noise.random() * 0.02)


def hit_bodies(modules, path, version, seed):
    noise = random.Random(seed)
    with open(path, "w") as file:
        for _ in range(64):
            stack = [[m, FIRST + noise.randrange(module.functions) * STEP]
                     for m, module in enumerate(modules) for _ in range(5)]
            body = {"version": version, "memoryMap": [[m.name, m.id] for m in modules], "stacks": [stack]}
            file.write(json.dumps(body) + "\n")


def start_hits(modules, options):
    runs = []
    for version, path in ((4, "/"), (5, "/symbolicate/v5")):
        bodies = f"{options.watch_log}.{version}"
        hit_bodies(modules, bodies, version, options.seed)
        port = options.url[0].rsplit(":", 1)[1]
        runs.append(subprocess.Popen([options.load, "0", str(int(options.seconds)), "4", port, path, bodies],
                                     stdout=subprocess.PIPE, text=True))
    return runs


# ---- samples ----

def memory_kb(pid):
    """What is the process's own: pages of the database that it has mapped are not."""
    try:
        with open(f"/proc/{pid}/status") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("RssAnon")), 0)
    except OSError:
        return 0


def sample(pool, options):
    """The largest process of each kind, and the database."""
    row = {}
    for kind in ("master", "worker", "fetcher", "janitor"):
        pids = [pool.process.pid] if kind == "master" else pool.children(kind)
        row[f"{kind} memory_kb"] = max(map(memory_kb, pids), default=0)
        row[f"{kind} descriptors"] = max(map(descriptors, pids), default=0)
        row[f"{kind} processes"] = len(pids)
    facts = facts_of(options, "facts")
    if "error" in facts:
        return None
    row["db file_mb"] = facts["file_bytes"] / 1e6
    row["db pages"] = facts["pages"]
    row["db used_pages"] = facts["pages"] + facts["pending_pages"] + facts["dying_pages"] + facts["free_pages"]
    row["db readers"] = facts["readers"]
    row["db absent"] = facts["absent_entries"]
    row["over limit"] = facts["file_bytes"] > facts["max_bytes"]
    return row


def take_samples(pool, options, begin):
    rows, reloads = [], 0
    every_s = max(options.seconds / SAMPLES, 0.5)
    while (now_s := time.time() - begin) < options.seconds:
        if options.seconds / 3 * (1 + reloads / RELOADS) <= now_s < options.seconds * 2 / 3:
            reloads += 1
            pool.process.send_signal(signal.SIGUSR1 if reloads % 4 == 0 else signal.SIGHUP)
        row = sample(pool, options)
        if row:
            rows.append((now_s, row))
        time.sleep(max(0.0, min(every_s, options.seconds - (time.time() - begin))))
    return rows


# ---- the verdict ----

def mean_between(rows, options, column, begin, end):
    values = [row[column] for at, row in rows if begin * options.seconds <= at < end * options.seconds]
    return sum(values) / max(1, len(values))


def check_column(verdict, rows, options, column):
    share, amount = NOISE[column.split()[1]]
    first = mean_between(rows, options, column, 1 / 6, 1 / 3)
    last = mean_between(rows, options, column, 5 / 6, 1)
    before, end = (mean_between(rows, options, column, at / 12, (at + 1) / 12) for at in (10, 11))
    verdict.check(f"{column}: the last third is as the first", last <= first * (1 + share) + amount,
                  f"{first:.1f} became {last:.1f}")
    if options.seconds / 6 < WARM_S and "memory" in column:
        verdict.note(f"{column}: too short a run to tell growth from warming up")
        return
    verdict.check(f"{column}: no growth within the last sixth", end <= before * (1 + share) + amount,
                  f"{before:.1f} became {end:.1f}")


def print_table(verdict, rows):
    columns = [column for column in rows[0][1] if column != "over limit"]
    verdict.note("columns: s, " + ", ".join(columns))
    step = max(1, len(rows) // ROWS)
    for at, row in rows[::step] + rows[-1:]:
        verdict.note(f"{at:4.0f} " + " ".join(f"{row[column]:8.0f}" for column in columns))


def judge(verdict, rows, options):
    print_table(verdict, rows)
    for column in rows[0][1]:
        if column.split()[1] in NOISE:
            check_column(verdict, rows, options, column)
    verdict.check("the file stays within its limit", not any(row["over limit"] for _, row in rows))


def soak(options, pool, verdict):
    modules, answers = make_modules(options), Answers()
    pool.start()
    client = Client(modules, options, answers, options.seed, options.url[0])
    if not wait_for(20, client.try_any):
        verdict.check("the pool answers", False)
        return
    hot = sorted(modules, key=lambda module: module.functions)[:HIT_MODULES]
    for module in hot:
        client.ask([module])
    DebugActions.modules = Leavers.modules = [module for module in modules if module not in hot]
    others = [AbsentModules(options, 1, 0.02), BadRequests(options, 2, 0.01), DebugActions(options, 3, 0.1),
              Leavers(options, 4, 0.1)]
    clients = [Client(modules, options, answers, options.seed + 10 + i, options.url[0])
               for i in range(options.clients // 2)]
    hits = start_hits(hot, options)
    begin = time.time()
    for one in others + clients:
        one.start()
    rows = take_samples(pool, options, begin)
    for one in others + clients:
        one.over.set()
    for one in others + clients:
        one.join(60)
    for version, run in zip((4, 5), hits):
        verdict.note(f"hits by version {version}: {run.communicate()[0].strip()}"
                     " (figures: answered, per second, failed, p50, p99, p99.9, longest us)")
    verdict.note(f"{answers.right} modules that came and went, {answers.unknown} unknown, {answers.refused} requests "
                 "without an answer; "
                 + ", ".join(f"{type(one).__name__} {one.count} (failed {one.failed})" for one in others))
    verdict.check("every answer is right", not answers.wrong, answers.wrong[:5])
    # nothing is refused, not even while workers are replaced
    verdict.check("every request is answered", answers.refused == 0 and not any(one.failed for one in others),
                  (answers.refused, [one.failed for one in others]))
    judge(verdict, rows, options)
    verdict.check("the pool ends by SIGTERM", pool.stop() == 0)


def main():
    parser = argparse.ArgumentParser(description="Loads a pool for long and looks whether anything grows.")
    add_options(parser)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--load")
    options = parser.parse_args()
    if options.what == "generate":
        generate(options)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    verdict, pool = Verdict(), None
    try:
        pool = Pool(options, options.socket[0])
        soak(options, pool, verdict)
    finally:
        if pool:
            pool.stop()
    return FAILED if verdict.failed else 0


if __name__ == "__main__":
    sys.exit(main())
