#!/usr/bin/env python3
"""Measures how long commands hold the database's write lock when the outbox is large: during that time,
no other process can queue an alert.

    cargo build --release && benches/locks.py [--wxbox FILE] [--finished N] [--queued N] [NAME…]

Makes a database with 1,000,000 finished and 300,000 queued messages: wxbox queues and sends a few, SQL copies their rows
with all columns. Then each command below runs on a copy of it, while another process requests the write lock
repeatedly. The longest time for which it is denied is an upper bound of the longest transaction.

Prints a table; exits 1 if a bound is exceeded. Needs about 3 GB of disk in TMPDIR and a quarter of an hour.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TEMPLATE = "backup_finished-0123456789abcdefghijklmnopq"
FIELDS = ["--data", "host=db1", "--data", "size=1", "--data", "time=03:15"]
PEOPLE = 1000
BOUND = 50  # ms
DAY = 86_400_000


class BenchEnv:
    def __init__(self, home, wxbox, faults=""):
        self.home, self.wxbox = home, wxbox
        self.database = f"{home}/wxbox.db"
        self.env = {
            "HOME": home,
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "WXBOX_DATABASE": self.database,
            "WXBOX_CONFIG": f"{home}/config.toml",
        }
        with open(f"{home}/world.toml", "w") as scenario:
            scenario.write(f'real_limits = true\ncrowd = {PEOPLE}\n[quota]\n"/cgi-bin/message/template/send" = 10000000\n{faults}')
        self.sandbox = subprocess.Popen(
            [wxbox, "sandbox", "--json", "--listen", "127.0.0.1:0", "--world", f"{home}/world.toml"],
            env=self.env,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.at = json.loads(self.sandbox.stdout.readline())
        self.drain = subprocess.Popen(["cat"], stdin=self.sandbox.stdout, stdout=subprocess.DEVNULL)
        self.configure()

    def configure(self, send=""):
        with open(f"{self.home}/config.toml", "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as config:
            config.write(f'app_id = "{self.at["app_id"]}"\napp_secret = "{self.at["app_secret"]}"\n')
            config.write(f'[network]\napi_base = "{self.at["url"]}"\n[send]\n{send}\n')

    def run(self, *words, check=True, **more):
        return subprocess.run([self.wxbox, *words], env=self.env, check=check, text=True, capture_output=True, **more)

    def close(self):
        self.sandbox.terminate()
        self.drain.terminate()
        self.sandbox.wait()


def multiply(database, table, source, count, new):
    """Copies the row of `table` that `source` selects `count` times. `new` maps a column to an expression for its new
    value, in which `copy` is the number of the copy."""
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(new.get(column, f"s.{column}") for column in columns)
    database.execute(
        f"WITH RECURSIVE copies (copy) AS (SELECT 1 UNION ALL SELECT copy + 1 FROM copies WHERE copy < {count})"
        f" INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM copies, {table} s WHERE {source}"
    )


def fill(bench, finished, queued):
    """Makes a large database. The first person has a twentieth of all messages."""
    rows = "".join(f"crowd{n:06d},oCrowd{n:022d}\n" for n in range(1, PEOPLE + 1))
    bench.run("-q", "user", "import", "-", input=f"username,openid\n{rows}")
    bench.run("send", "-u", "crowd000001", "--template", TEMPLATE, *FIELDS)
    bench.run("send", "-u", "crowd000001", "--template", TEMPLATE, *FIELDS, "--no-wait", "--expire-after", "2d")
    with sqlite3.connect(bench.database, isolation_level=None) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("BEGIN")
        now = int(time.time() * 1000)
        person = f"CASE copy % 20 WHEN 0 THEN 1 ELSE copy % {PEOPLE} + 1 END"
        first = 10
        for state, count, old in (("sent", finished, 100 * DAY), ("queued", queued, 0)):
            multiply(
                database,
                "payloads",
                f"s.id = (SELECT payload_id FROM messages WHERE state = '{state}')",
                count,
                {"id": f"{first} + copy", "created_at": f"{now - old} + copy / 10"},
            )
            multiply(
                database,
                "messages",
                f"s.id = (SELECT min(id) FROM messages WHERE state = '{state}')",
                count,
                {
                    "id": f"{first} + copy",
                    "payload_id": f"{first} + copy",
                    "user_id": f"(SELECT id FROM users WHERE id = {person})",
                    "openid": f"printf('oCrowd%022d', {person})",
                    "client_msg_id": "lower(hex(randomblob(16)))",
                    "key": "NULL",
                    "created_at": f"{now - old} + copy / 10",
                    "sent_at": f"s.sent_at - {old}",
                },
            )
            if state == "sent":
                multiply(
                    database,
                    "attempts",
                    f"s.message_id = (SELECT min(id) FROM messages WHERE state = '{state}')",
                    count,
                    {"id": "NULL", "message_id": f"{first} + copy"},
                )
            first += count
        database.execute("COMMIT")
        found = dict(database.execute("SELECT state, count(*) FROM messages GROUP BY state"))
        database.execute(
            "ANALYZE"
            if any(row[0] == "sqlite_stat1" for row in database.execute("SELECT name FROM sqlite_schema"))
            else "SELECT 1"
        )
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    print(f"{found}, {os.path.getsize(bench.database) / (1 << 20):.0f} MiB", flush=True)


def probe(path, stop, found):
    """Requests the write lock until `stop` is set. Sends the longest times of denial, in ms."""
    database = sqlite3.connect(path, isolation_level=None, timeout=0)
    longest, since = [], None
    while not stop.is_set():
        try:
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
            if since is not None:
                longest.append((time.perf_counter() - since) * 1000)
            since = None
            time.sleep(0.0005)
        except sqlite3.OperationalError:
            since = since or time.perf_counter()
            time.sleep(0.0002)
    database.close()
    found.put(sorted(longest, reverse=True)[:3] or [0])


def measure(bench, words, stdin=None, seconds=600):
    """Runs wxbox together with the probe. Returns the duration in seconds, the status, and the longest locks."""
    stop, found = multiprocessing.Event(), multiprocessing.Queue()
    prober = multiprocessing.Process(target=probe, args=(bench.database, stop, found))
    prober.start()
    begun = time.perf_counter()
    process = subprocess.Popen(
        [bench.wxbox, *words],
        env=bench.env,
        stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        process.communicate(stdin, timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)
        process.wait()
    took = time.perf_counter() - begun
    stop.set()
    longest = found.get()
    prober.join()
    return took, process.returncode, longest


FIRST = ["-u", "crowd000001"]
REFUSED = "".join(
    f'[[faults]]\napi = "/cgi-bin/message/template/send"\nnth = {numbers}\nerrcode = {code}\n'
    for numbers, code in (([*range(1, 701)], -1), ([*range(701, 2001)], 40164))
)
# name: (words, standard input, lines for [send], faults, seconds after which it is terminated)
CASES = {
    "send": (["send", *FIRST, "hello"], None, 'retain = "3650d"', "", 600),
    "prune": (["outbox", "prune", "--older-than", "30d"], None, 'retain = "3650d"', "", 600),
    "retain": (["send", *FIRST, "hello"], None, 'retain = "30d"', "", 600),
    "stopped": (["send", "--all", "--template", TEMPLATE, *FIELDS], None, 'retain = "3650d"\nwait = "10s"', REFUSED, 600),
    "cancel": (["outbox", "cancel", "--all"], None, 'retain = "3650d"', "", 600),
    "split": (
        ["send", *FIRST, "--split", "--no-wait", "-"],
        "line of a text that is far too long\n" * 116_508,
        'retain = "3650d"',
        "",
        600,
    ),
    "remove": (["user", "remove", "crowd000001", "--yes"], None, "", "", 600),
    "unbind": (["unbind", *FIRST], None, "", "", 600),
    "rebind": (["bind", *FIRST, "--openid", "oAnother_phone_of_the_first_", "--rebind"], None, "", "", 600),
    "rename": (["user", "edit", "crowd000001", "--rename", "somebody"], None, "", "", 600),
    "retry": (["outbox", "retry", "QUEUED"], None, 'retain = "3650d"', "", 600),
    "flush": (["outbox", "flush"], None, 'retain = "3650d"', "", 10),
    "backup": (["backup", "FILE"], None, "", "", 600),
}


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("names", nargs="*", metavar="NAME", help=" ".join(CASES))
    words.add_argument("--wxbox", default=os.path.join(ROOT, "target/release/wxbox"))
    words.add_argument("--finished", type=int, default=1_000_000)
    words.add_argument("--queued", type=int, default=300_000)
    args = words.parse_args()
    ok = True
    with tempfile.TemporaryDirectory() as scratch:
        wxbox = shutil.copy(args.wxbox, f"{scratch}/wxbox")
        home = f"{scratch}/filled"
        os.mkdir(home)
        bench = BenchEnv(home, wxbox)
        try:
            fill(bench, args.finished, args.queued)
        finally:
            bench.close()
        print(f"{'':8} {'longest locks, ms':>28} {'all, s':>8} status", flush=True)
        for name in args.names or CASES:
            line, stdin, send, faults, seconds = CASES[name]
            home = f"{scratch}/{name}"
            os.mkdir(home)
            bench = BenchEnv(home, wxbox, faults)
            bench.configure(send)
            subprocess.run(["cp", "--reflink=auto", f"{scratch}/filled/wxbox.db", bench.database], check=True)
            # Caches a token, and is the first command to open this copy.
            bench.run("token")
            names = {"FILE": f"{home}/copy.db", "QUEUED": str(10 + args.finished + 1)}
            took, status, longest = measure(bench, [names.get(word, word) for word in line], stdin, seconds)
            bench.close()
            shutil.rmtree(home)
            fits = longest[0] <= BOUND
            ok = ok and fits
            locks, note = ", ".join(f"{ms:.0f}" for ms in longest), "" if fits else f"   more than {BOUND} ms"
            print(f"{name:8} {locks:>28} {took:8.1f} {status}{note}", flush=True)
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
