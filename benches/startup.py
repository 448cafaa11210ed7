#!/usr/bin/env python3
"""Times the start-up of wxbox over /bin/true: `--help`, `--version` and `user show`.

    cargo build --release && benches/startup.py [RUNS]

Each line is run in turn with /bin/true (A B A B …) after a warm-up, in a home with 10 users.
Prints the medians and the median of the pairwise differences; exits 1 if `--help` takes more than
3 ms over /bin/true.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 300
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WXBOX = os.path.join(ROOT, "target/release/wxbox")
BOUND = 3.0


def run(command, env):
    """Milliseconds of one run, which must succeed."""
    begun = time.perf_counter()
    status = subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=False).returncode
    if status != 0:
        sys.exit(f"{command} ended with {status}")
    return (time.perf_counter() - begun) * 1000


def main():
    ok = True
    with tempfile.TemporaryDirectory() as home:
        env = {"HOME": home, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        for number in range(10):
            run([WXBOX, "user", "add", f"person-{number}"], env)
        for words in (["--help"], ["--version"], ["user", "show", "person-5"]):
            pairs = []
            for number in range(RUNS + 5):
                pair = run([WXBOX, *words], env), run(["/bin/true"], env)
                if number >= 5:
                    pairs.append(pair)
            wxbox, true = (statistics.median(side) for side in zip(*pairs))
            over = statistics.median(a - b for a, b in pairs)
            print(f"{' '.join(words):20} {wxbox:6.2f} ms, /bin/true {true:6.2f} ms, over it {over:6.2f} ms")
            ok = ok and (words != ["--help"] or over <= BOUND)
    sys.exit(0 if ok else 1)


main()
