#!/usr/bin/env python3
"""Measures 200,000 people: import, export, and commands for one of them, compared with one of ten people.

    cargo build --release && benches/registry.py [PEOPLE]

Prints seconds and peak memory of import and export, and the instructions in user mode (`perf stat`, medians;
if it cannot count, one run under `valgrind`) of `user show` and `send --dry-run` in a small and in a
large registry; exits 1 if a bound is exceeded.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PEOPLE = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WXBOX = os.path.join(ROOT, "target/release/wxbox")
RSS_KIB, SECONDS, RATIO, RUNS = 64 * 1024, 30, 1.05, 21


def write(path, people):
    with open(path, "w") as file:
        file.write("username,openid,tags,note\n")
        for n in range(people):
            file.write(f'person-{n},o{n:027d},"crew;shift {n % 7}","note {n}, somewhat longer"\n')


def run(args, env, out=subprocess.DEVNULL):
    """Seconds and peak KiB of one run, which must succeed."""
    begun = time.perf_counter()
    process = subprocess.Popen([WXBOX, *args], env=env, stdout=out)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{args} ended with {status}")
    return time.perf_counter() - begun, usage.ru_maxrss


def instructions(args, env):
    """The median of user-mode instructions."""
    if not shutil.which("perf"):
        return under_valgrind(args, env)
    counts = []
    for _ in range(RUNS):
        perf = subprocess.run(
            ["perf", "stat", "-x,", "-e", "instructions:u", WXBOX, *args], env=env, capture_output=True, text=True
        )
        count = next((line.split(",")[0] for line in perf.stderr.splitlines() if "instructions" in line), "")
        if perf.returncode != 0 or not count.isdigit():
            return under_valgrind(args, env)
        counts.append(int(count))
    return statistics.median(counts)


def under_valgrind(args, env):
    if not shutil.which("valgrind"):
        sys.exit("neither perf nor valgrind can count here")
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", WXBOX, *args]
    run = subprocess.run(command, env=env, capture_output=True, text=True)
    counts = [line.split(":")[1] for line in run.stderr.splitlines() if "Collected" in line]
    if run.returncode != 0 or not counts:
        sys.exit(f"neither perf nor valgrind can count here: {run.stderr}")
    return int(counts[-1])


def main():
    ok = True
    with tempfile.TemporaryDirectory() as home:
        env = {"HOME": home, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        os.makedirs(f"{home}/.config/wxbox")
        with open(f"{home}/.config/wxbox/config.toml", "w", opener=lambda p, f: os.open(p, f, 0o600)) as config:
            config.write('app_id = "wx0123456789abcdef"\n')
        write(f"{home}/large.csv", PEOPLE)
        write(f"{home}/small.csv", 10)
        large, small = ["--database", f"{home}/large.db"], ["--database", f"{home}/small.db"]
        run([*small, "user", "import", f"{home}/small.csv"], env)
        for name, args in [("import", ["import", f"{home}/large.csv"]), ("export", ["export"])]:
            took, peak = run([*large, "user", *args], env)
            ok = ok and took <= SECONDS and peak <= RSS_KIB
            print(f"{name} of {PEOPLE}: {took:.2f} s, {peak / 1024:.1f} MiB (at most {SECONDS} s, {RSS_KIB >> 10} MiB)")
        send = ["send", "--dry-run", "--user", "person-7", "hello"]
        for name, args in [("user show", ["user", "show", "person-7"]), ("send --dry-run", send)]:
            few, many = instructions([*small, *args], env), instructions([*large, *args], env)
            ok = ok and many / few <= RATIO
            print(f"{name}: {few} instructions among 10, {many} among {PEOPLE}: {many / few:.3f} (at most {RATIO})")
    sys.exit(0 if ok else 1)


main()
