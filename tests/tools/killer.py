#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kills the processes of a pool at random moments while clients ask, and checks what came of it.

    killer.py generate --symbols DIR [--modules N] [--max-mb N] --seed N
    killer.py run --symbols DIR ... --seed N --fetchers N --others N --socket PATH --config FILE --server PROGRAM
                  --watch PROGRAM --cache DIR --cache-mb N --upstream-log FILE --pool-log FILE --url URL
                  (--socket and --url again for another instance on the same cache directory)

`generate` writes modules whose functions have names that follow from module, number and seed.  `run` starts the
pool, has clients ask for random addresses of random modules, and meanwhile kills fetchers (N of them) and workers,
janitors and masters (N in all) by SIGKILL.  After a master's end another is started on the same directory.  Then
all modules are asked for once more, the pool ends, and the sums are drawn from the upstream's log, the pool's log
and what cache_watch saw.

Prints lines for lib.sh: "ok NAME", "not ok NAME | WHY", "# NOTE".  Kills, choices and modules follow from the
seed; when a process is where does not.
"""
import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

from pool_tools import (FAILED, Answers, Client, Pool, Verdict, add_options, descriptors, facts_of, generate,
                        has_ended, is_clean, kind_of, make_modules, wait_for)

AT_ONCE_S = 10.0  # until a module is answered again, on a machine as busy as we make it
MASTER_SHARE, JANITOR_SHARE = 0.2, 0.2  # of the others killed; the rest are workers


# ---- killing ----

class Killer:
    def __init__(self, pools, modules, options, answers):
        self.pools, self.options = pools, options
        self.noise = random.Random(options.seed + 1)
        self.killed = {"fetcher": 0, "worker": 0, "janitor": 0, "master": 0}
        self.takeovers, self.orphans, self.failures = [], [], []
        self.probes = [Client(modules, options, answers, options.seed + 2, url) for url in options.url]

    def plan(self):
        masters = round(self.options.others * MASTER_SHARE)
        janitors = round(self.options.others * JANITOR_SHARE)
        kinds = (["fetcher"] * self.options.fetchers + ["master"] * masters + ["janitor"] * janitors
                 + ["worker"] * (self.options.others - masters - janitors))
        self.noise.shuffle(kinds)
        return [(kind, self.noise.expovariate(1 / self.options.interval), self.noise.random()) for kind in kinds]

    def run(self):
        for turn, (kind, pause_s, choice) in enumerate(self.plan()):
            time.sleep(pause_s)
            instance = turn % len(self.pools)
            if kind == "master":
                self.kill_master(instance)
            else:
                self.kill_child(kind, choice, instance)

    def kill_child(self, kind, choice, instance=0):
        pool = self.pools[instance]
        # one that died often is not there all the time
        if not wait_for(70, lambda: pool.children(kind), 0.02):
            self.failures.append(f"no {kind} came back")
            return
        pids = pool.children(kind)
        os.kill(pids[int(choice * len(pids))], signal.SIGKILL)
        self.killed[kind] += 1

    def kill_master(self, instance):
        children = self.pools[instance].kill_master()
        killed = time.time()
        self.killed["master"] += 1
        self.pools[instance].start()
        if not wait_for(60, self.probes[instance].try_any, 0.005):
            self.failures.append("no right answer in 60 s after a master's death")
        self.takeovers.append(time.time() - killed)
        if not wait_for(60, lambda: all(has_ended(pid) for pid in children), 0.005):
            self.failures.append(f"children outlive their master: {[kind_of(p) for p in children]}")
        self.orphans.append(time.time() - killed)


# ---- what the logs say ----

def read_gets(path):
    """Path -> list of requests in their order."""
    gets, by_number = {}, {}
    with open(path + ".times") as file:
        for line in file:
            facts = json.loads(line)
            if "path" in facts:
                by_number[facts["request"]] = facts
                gets.setdefault(facts["path"], []).append(facts)
            else:
                by_number[facts["request"]].update(facts)
    return gets


def read_watch(path):
    """Key -> list of (id, seen first, seen last) in seconds; the last two moments bound when it was surely there."""
    tables, end = {}, 0.0
    with open(path) as file:
        for line in file:
            sign, before, after, table, key = line.split()
            if sign == "+":
                tables.setdefault(key, {})[table] = [float(after) / 1e6, None]
            elif sign == "-":
                tables[key][table][1] = float(before) / 1e6
            end = float(after) / 1e6
    for seen in tables.values():
        for span in seen.values():
            span[1] = span[1] or end
    return tables


def read_lost(path):
    """Key -> how often a search was lost with its fetcher, dropped with its instance, or found no room; deaths."""
    lost, deaths = {}, 0
    with open(path, errors="replace") as file:
        for line in file:
            found = re.search(r"(kill\d+\.so/[0-9A-F]+).*(its fetcher died|could not be had: )", line)
            if found:
                lost[found[1]] = lost.get(found[1], 0) + 1
            deaths += bool(re.search(r"fetcher \d+ ended: killed by signal 9", line))
    return lost, deaths


# ---- the verdict ----



def check_gets(verdict, modules, killer, options):
    gets, tables = read_gets(options.upstream_log), read_watch(options.watch_log)
    lost, deaths = read_lost(options.pool_log)
    beside, held, over, evicted_sum, total = [], [], 0, 0, 0
    for module in modules:
        mine, seen = gets.get(module.path, []), tables.get(module.key, {})
        beside += [f"{module.name} {get}" for get in mine if get["beside"]]
        held += [f"{module.name} {get}" for get in mine
                 if any(first < get["start"] < last for first, last in seen.values())]
        # a table that was replaced while it was there would be one too many
        evicted = max(0, len(seen) - 1)
        evicted_sum += evicted
        total += len(mine)
        over += max(0, len(mine) - 1 - evicted - lost.get(module.key, 0))
    # deaths that no master lived to tell, and tables that came and went between two looks: ids are given in turn
    untold = killer.killed["fetcher"] - deaths
    ids = [int(table) for seen in tables.values() for table in seen]
    unseen = max(ids) - min(ids) + 1 - len(ids)
    verdict.check("never two GETs of a module at the same time", not beside, beside[:3])
    verdict.check("no GET of a module that is held", not held, held[:3])
    verdict.check("one GET per module, per loss of its fetcher, per eviction", over <= untold + unseen,
                  f"{over} more than explained, {untold} deaths untold, {unseen} tables unseen or not finished")
    verdict.note(f"{total} GETs of {len(gets)} modules: {evicted_sum} evictions, {sum(lost.values())} searches lost, "
                 f"{untold} deaths of fetchers untold, {unseen} tables unseen or not finished, {over} GETs beyond these")




def is_at_rest(options):
    facts = facts_of(options, "facts")
    return "error" not in facts and facts["flights"] == 0 and facts["dead_slots"] == 0


def check_answers(verdict, answers):
    verdict.check("every answer is right", not answers.wrong, answers.wrong[:5])
    verdict.check("questions were answered", answers.right > 0)
    verdict.note(f"{answers.right} modules answered, {answers.frames} frames checked, {answers.unknown} unknown, "
                 f"{answers.refused} requests without an answer, slowest {answers.slowest_s:.2f} s")


def check_usable(verdict, modules, client):
    """Every module once more, and at once."""
    slowest, late = 0.0, []
    for module in modules:
        started = time.time()
        if not wait_for(AT_ONCE_S, lambda: client.try_module(module, 50), 0.005):
            late.append(module.name)
        slowest = max(slowest, time.time() - started)
    verdict.check("every module is answered afterwards", not late, late)
    verdict.note(f"slowest of all modules afterwards: {slowest:.2f} s")


def check_rest(verdict, options, pools, before):
    verdict.check("no flight and no slot of the dead is left", wait_for(10, lambda: is_at_rest(options)),
                  facts_of(options, "facts"))
    def grown():
        return [f"{kind}: {have} descriptors, {before[kind]} at first"
                for kind in before for pool in pools for have in map(descriptors, pool.children(kind))
                # kept connections to the upstream, a temporary file's place
                if have > before[kind] + (3 if kind == "fetcher" else 1)]
    verdict.check("no descriptor is left", wait_for(5, lambda: not grown()), grown())
    left = [name for name in os.listdir(options.cache + "/tmp")]
    verdict.check("no temporary file is left", not left, left[:5])


def check_half_written(verdict, options, killer):
    subprocess.run([options.watch, options.cache, str(options.cache_mb), "leave"], check=True)
    verdict.check("a table is left half written", facts_of(options, "facts").get("pending_pages", 0) > 0)
    killer.kill_child("fetcher", 0)
    verdict.check("the janitor deletes it when a process has died",
                  wait_for(10, lambda: is_clean(options)), facts_of(options, "facts"))


def check_store(verdict, options, moved):
    facts = facts_of(options, "facts")
    verdict.note(f"at rest: {facts}")
    verdict.check("the janitor cleans up after the dead", wait_for(15, lambda: is_clean(options)),
                  facts_of(options, "facts"))
    verdict.check("the file stays within its limit", facts.get("file_bytes", 1 << 62) <= options.cache_mb << 20,
                  facts)
    verdict.check("no database was moved aside", facts.get("env") == 1 and not moved, facts)


def check_stopped(verdict, options):
    facts = facts_of(options, "recover")
    verdict.check("pages are as counted", "error" not in facts, facts)
    verdict.check("nothing is pending or dying after recovery", is_clean(options), facts)
    # this reader and nobody's else
    verdict.check("no reader slot is left", facts.get("readers", 99) <= 1, facts)


def read_counters(options):
    with open(options.pool_log, errors="replace") as file:
        text = file.read()
    return {"busy": len(re.findall("cannot keep its table", text)), "moved": len(re.findall("moved aside", text))}


def look_sharp(pid):
    """On a busy machine a table may come and go before an ordinary process looks."""
    try:
        os.setpriority(os.PRIO_PROCESS, pid, -15)
    except PermissionError:
        pass


def kill_and_check(options, pools, verdict):
    modules, answers = make_modules(options), Answers()
    for pool in pools:
        pool.start()
    client = Client(modules, options, answers, options.seed, options.url[0])
    if not wait_for(20, client.try_any) or not all(wait_for(10, lambda: pool.children("worker")) for pool in pools):
        verdict.check("the pool answers", False)
        return
    before = {kind: max(map(descriptors, pools[0].children(kind))) for kind in ("worker", "fetcher", "janitor")}
    killer = Killer(pools, modules, options, answers)
    check_half_written(verdict, options, killer)
    with open(options.watch_log, "w") as log:
        watch = subprocess.Popen([options.watch, options.cache, str(options.cache_mb), "watch"], stdout=log)
    look_sharp(watch.pid)
    wait_for(10, lambda: os.path.getsize(options.watch_log), 0.005) # it has seen the first module
    clients = [Client(modules, options, answers, options.seed + 10 + i, options.url[i % len(options.url)])
               for i in range(options.clients)]
    for one in clients:
        one.start()
    started = time.time()
    try:
        killer.run()
        verdict.note(f"killed {killer.killed} in {time.time() - started:.0f} s")
        for one in clients:
            one.over.set()
        for one in clients:
            one.join(60)
        check_usable(verdict, modules, client)
    finally:
        watch.terminate()
        watch.wait()
    for failure in killer.failures:
        verdict.check("processes come and go", False, failure)
    if killer.takeovers:
        verdict.note(f"a new master's first right answer after {max(killer.takeovers):.2f} s at most, "
                     f"old children gone after {max(killer.orphans):.2f} s at most")
        verdict.check("children end with their master, another takes over at once",
                      max(killer.takeovers) < AT_ONCE_S and max(killer.orphans) < AT_ONCE_S,
                      (killer.takeovers, killer.orphans))
    check_answers(verdict, answers)
    counted = read_counters(options)
    verdict.note(f"tables that found no room: {counted['busy']}")
    check_rest(verdict, options, pools, before)
    check_store(verdict, options, counted["moved"])
    check_gets(verdict, modules, killer, options)
    verdict.check("the pools end by SIGTERM", [pool.stop() for pool in pools] == [0] * len(pools))
    check_stopped(verdict, options)


def main():
    parser = argparse.ArgumentParser(description="Kills a pool's processes while clients ask, for tests.")
    add_options(parser)
    parser.add_argument("--fetchers", type=int, default=300)
    parser.add_argument("--others", type=int, default=100)
    parser.add_argument("--interval", type=float, default=0.6)
    options = parser.parse_args()
    if options.what == "generate":
        generate(options)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    verdict, pools = Verdict(), []
    try:
        pools += [Pool(options, path) for path in options.socket]
        kill_and_check(options, pools, verdict)
    finally:
        for pool in pools:
            pool.stop()
    return FAILED if verdict.failed else 0


if __name__ == "__main__":
    sys.exit(main())
