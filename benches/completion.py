#!/usr/bin/env python3
"""Measures the completion of a shell with many people, tags and messages.

    cargo build --release && benches/completion.py [PEOPLE] [PROGRAM]

Prints the median and the slowest of 41 runs of wxbox for each kind of value, from the start of the process to its
end; exits 1 if a median is over 30 ms.
"""

import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

PEOPLE = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WXBOX = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else os.path.join(ROOT, "target/release/wxbox")
LIMIT_MS, RUNS = 30, 41

LINES = {
    "commands": [""],
    "people": ["user", "show", ""],
    "people by prefix": ["send", "--user", "person-9"],
    "tags": ["send", "--tag", ""],
    "failed messages, none in reach": ["outbox", "retry", ""],
    "messages": ["outbox", "show", ""],
    "error codes": ["explain", ""],
}


def prepare(home, env):
    os.makedirs(f"{home}/.config/wxbox")
    with open(f"{home}/.config/wxbox/config.toml", "w", opener=lambda p, f: os.open(p, f, 0o600)) as config:
        config.write('app_id = "wx0123456789abcdef"\n')
    with open(f"{home}/people.csv", "w") as file:
        file.write("username,openid,tags,note\n")
        for n in range(PEOPLE):
            file.write(f'person-{n},o{n:027d},"all;shift {n % 7}","note {n}, somewhat longer"\n')
    subprocess.run([WXBOX, "-q", "user", "import", f"{home}/people.csv"], env=env, check=True)
    with sqlite3.connect(f"{home}/.local/share/wxbox/wxbox.db") as database:
        database.execute(
            """WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?)
            INSERT INTO messages (app_id, user_id, type, state, created_at, updated_at, due_at, expire_after, expires_at)
            SELECT 'wx0123456789abcdef', n, 'text', 'sent', 1, 1, 1, 1, 1 FROM n""",
            [PEOPLE],
        )
    database.close()


def main():
    ok = True
    with tempfile.TemporaryDirectory() as home:
        env = {"HOME": home, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        prepare(home, env)
        for name, words in LINES.items():
            took = []
            for _ in range(RUNS):
                begun = time.perf_counter()
                asked = subprocess.run(
                    [WXBOX, "--", "wxbox", *words], env={**env, "_WXBOX_COMPLETE": "fish"}, capture_output=True, check=True
                )
                took.append((time.perf_counter() - begun) * 1000)
            median = statistics.median(took)
            ok = ok and median <= LIMIT_MS
            count = len(asked.stdout.splitlines()) - 1
            print(f"{name}: {count} candidates in {median:.1f} ms, at most {max(took):.1f} (limit {LIMIT_MS})")
    sys.exit(0 if ok else 1)


main()
