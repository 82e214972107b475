# SPDX-License-Identifier: MIT
"""What killer.py and soak.py share: modules that follow from a seed, a pool, clients who check answers."""
import http.client
import json
import os
import random
import socket
import subprocess
import threading
import time
import urllib.parse

FIRST, STEP = 0x1000, 0x80  # address of the first function, and from function to function
TOKEN = b"M@@@"
FAILED = 3  # exit status, as against that of a fault of ours


def wait_for(seconds, condition, step_s=0.1):
    end = time.time() + seconds
    while not condition():
        if time.time() > end:
            return False
        time.sleep(step_s)
    return True


# ---- modules ----

class Module:
    def __init__(self, number, functions):
        self.number, self.functions = number, functions
        self.name = f"kill{number:03d}.so"
        self.id = f"{number + 0xABC000:032X}1"
        self.path = f"/{self.name}/{self.id}/{self.name}.sym"
        self.key = f"{self.name}/{self.id}"


def function_name(number, index, seed):
    return f"M{number:03d}_{index:06d}_{(index * 2654435761 + seed * 40503) % (1 << 32):08x}"


def template(functions, seed):
    """The functions of the largest module; others are cut from it."""
    noise = random.Random(seed)
    lines = []
    for index in range(functions):
        name = function_name(0, index, seed).replace("M000", TOKEN.decode())
        at, numbers = FIRST + index * STEP, noise.getrandbits(48)
        lines.append(f"FUNC {at:x} 60 0 {name}\n{at:x} 20 {numbers & 0xFFFF} 0\n"
                     f"{at + 32:x} 20 {numbers >> 16 & 0xFFFF} 1\n{at + 64:x} 20 {numbers >> 32} 0\n")
    return [line.encode() for line in lines]


def make_modules(options):
    """Sizes from 0.1 to max-mb MB, as many small as large ones by factors."""
    noise = random.Random(options.seed)
    function_bytes = 90
    largest = int(options.max_mb * 1e6 / function_bytes)
    smallest = int(0.1e6 / function_bytes)
    return [Module(i, int(smallest * (largest / smallest) ** noise.random())) for i in range(options.modules)]


def generate(options):
    modules = make_modules(options)
    text = template(max(module.functions for module in modules), options.seed)
    for module in modules:
        path = options.symbols + module.path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        head = f"MODULE Linux x86_64 {module.id} {module.name}\nFILE 0 a.c\nFILE 1 b.c\n".encode()
        body = b"".join(text[:module.functions]).replace(TOKEN, b"M%03d" % module.number)
        with open(path, "wb") as file:
            file.write(head + body)


# ---- processes ----

def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def kind_of(pid):
    try:
        with open(f"/proc/{pid}/comm") as file:
            return file.read().split()[0]
    except (OSError, IndexError):
        return ""


def has_ended(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def descriptors(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


class Pool:
    """The socket is ours, as it is a supervisor's: it outlives masters."""

    def __init__(self, options, path):
        self.options = options
        self.process = None
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        self.socket.listen(4096)

    def start(self):
        with open(self.options.pool_log, "ab") as log:
            self.process = subprocess.Popen([self.options.server, "-c", self.options.config],
                                            stdin=self.socket, stdout=log, stderr=log)

    def children(self, kind=""):
        """In the order of their slots, so that a choice by number is a choice of a role."""
        return sorted(pid for pid in children_of(self.process.pid) if kind_of(pid).startswith(kind))

    def kill_master(self):
        """The children that are left behind."""
        children = children_of(self.process.pid)
        self.process.kill()
        self.process.wait()
        return children

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait() if self.process else None


# ---- clients ----

class Answers:
    """What the clients saw, all of them together."""

    def __init__(self):
        self.lock = threading.Lock()
        self.right = self.refused = self.frames = 0
        self.unknown = {"null": 0, "false": 0}
        self.wrong = []
        self.slowest_s = 0.0

    def add(self, right, unknown, frames, wrong, took_s):
        with self.lock:
            self.right += right
            for kind, count in unknown.items():
                self.unknown[kind] += count
            self.frames += frames
            self.wrong += wrong
            self.slowest_s = max(self.slowest_s, took_s)

    def refuse(self):
        with self.lock:
            self.refused += 1


class Client(threading.Thread):
    def __init__(self, modules, options, answers, seed, url):
        super().__init__(daemon=True)
        self.modules, self.options, self.answers = modules, options, answers
        self.noise = random.Random(seed)
        self.host = urllib.parse.urlsplit(url).netloc
        self.over = threading.Event()

    def run(self):
        while not self.over.is_set():
            # some modules are asked for more often than others
            count = self.noise.randint(1, 3)
            wanted = {int(len(self.modules) * self.noise.random() ** 1.5) for _ in range(count)}
            try:
                self.ask([self.modules[i] for i in sorted(wanted)])
            except (OSError, http.client.HTTPException):
                self.answers.refuse()
                time.sleep(0.05)

    def ask(self, wanted, frames=6):
        """Whether all of them were known; OSError where no answer came."""
        stack = [(m, self.noise.randrange(module.functions))
                 for m, module in enumerate(wanted) for _ in range(frames)]
        body = {"memoryMap": [[module.name, module.id] for module in wanted],
                "stacks": [[[m, FIRST + f * STEP + self.noise.randrange(0x60)] for m, f in stack]]}
        started = time.time()
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request("POST", "/symbolicate/v5", json.dumps(body), {"Content-Type": "application/json"})
            reply = connection.getresponse()
            text = reply.read()
        finally:
            connection.close()
        if reply.status != 200:
            raise ConnectionError(f"status {reply.status}")
        return self.check(wanted, stack, json.loads(text)["results"][0], time.time() - started)

    def try_module(self, module, frames=6):
        try:
            return self.ask([module], frames)
        except (OSError, http.client.HTTPException):
            return False

    def try_any(self):
        return self.try_module(self.noise.choice(self.modules))

    def check(self, wanted, stack, answer, took_s):
        known = [answer["found_modules"][f"{module.name}/{module.id}"] for module in wanted]
        wrong = []
        for (m, f), frame in zip(stack, answer["stacks"][0]):
            right = function_name(wanted[m].number, f, self.options.seed) if known[m] else None
            if frame.get("function") != right:
                wrong.append(f"{wanted[m].name}, known {known[m]}: {frame}, expected {right}")
        unknown = {"null": known.count(None), "false": known.count(False)}
        self.answers.add(known.count(True), unknown, len(stack), wrong, took_s)
        return all(known)


def facts_of(options, what):
    done = subprocess.run([options.watch, options.cache, str(options.cache_mb), what], capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else {"error": done.stderr}


def is_clean(options):
    facts = facts_of(options, "facts")
    return facts.get("pending_pages") == 0 and facts.get("dying_pages") == 0


# ---- the verdict ----

class Verdict:
    def __init__(self):
        self.failed = False

    def check(self, name, good, why=""):
        print(f"ok {name}" if good else f"not ok {name} | {why}")
        self.failed |= not good

    @staticmethod
    def note(text):
        print(f"# {text}")


def add_options(parser):
    """What both programs are told."""
    parser.add_argument("what", choices=["generate", "run"])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--symbols", required=True)
    parser.add_argument("--modules", type=int, default=40)
    parser.add_argument("--max-mb", type=float, default=20)
    parser.add_argument("--clients", type=int, default=8)
    for name in ("config", "server", "watch", "cache", "upstream-log", "pool-log", "watch-log"):
        parser.add_argument("--" + name)
    # as often as there are to be instances
    parser.add_argument("--socket", action="append")
    parser.add_argument("--url", action="append")
    parser.add_argument("--cache-mb", type=int)
