#!/usr/bin/env python3
"""Measures the speed of a broadcast and of a batch, in the same run as curl against the same sandbox.

    cargo build --release && benches/delivery.py [latency|rate|crowd|batch]…

latency   1,000 templates, 50 ms a response, concurrency 32: the wall clock over messages × latency / concurrency
rate      20,000 templates, immediate responses, concurrency 32: messages a second over `curl --parallel --parallel-max 32`
crowd     100,000 recipients: peak memory, size of the database, messages a second at the start and at the end
batch     50,000 lines of `send --batch`: seconds

Prints a table; exits 1 if a bound is exceeded. Needs curl. All files are in a temporary directory; TMPDIR selects the
disk, which must be a real one for realistic waits.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILT = os.path.join(ROOT, "target/release/wxbox")
TEMPLATE = "backup_finished-0123456789abcdefghijklmnopq"
FIELDS = {"host": "db1", "size": "42 GB", "time": "03:15"}


def openid(n):
    return f"oCrowd{n:022d}"


class BenchEnv:
    """A home, a sandbox whose generated followers are users, and a cached token."""

    def __init__(self, home, people, faults=""):
        self.home = home
        # A copy, as after installation: a file that a linker has just written is slower to start.
        self.wxbox = os.path.join(home, "wxbox")
        subprocess.run(["cp", BUILT, self.wxbox], check=True)
        self.env = {"HOME": home, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        with open(f"{home}/world.toml", "w") as scenario:
            scenario.write(f"real_limits = true\ncrowd = {people}\n[quota]\n\"/cgi-bin/message/template/send\" = 10000000\n{faults}")
        self.sandbox = subprocess.Popen(
            [self.wxbox, "sandbox", "--json", "--listen", "127.0.0.1:0", "--world", f"{home}/world.toml"],
            env=self.env, stdout=subprocess.PIPE, text=True,
        )
        at = json.loads(self.sandbox.stdout.readline())
        self.drain = subprocess.Popen(["cat"], stdin=self.sandbox.stdout, stdout=subprocess.DEVNULL)
        self.url = at["url"]
        os.makedirs(f"{home}/.config/wxbox")
        with open(f"{home}/.config/wxbox/config.toml", "w", opener=lambda p, f: os.open(p, f, 0o600)) as config:
            config.write(f'app_id = "{at["app_id"]}"\napp_secret = "{at["app_secret"]}"\n')
            config.write(f'[send]\nconcurrency = 32\n[network]\napi_base = "{at["url"]}"\n')
        rows = "".join(f"crowd{n:06d},{openid(n)}\n" for n in range(1, people + 1))
        self.run(["-q", "user", "import", "-"], input=f"username,openid\n{rows}")
        self.token = self.run(["token"]).strip()

    def run(self, words, **more):
        done = subprocess.run([self.wxbox, *words], env=self.env, check=True, text=True, stdout=subprocess.PIPE, **more)
        return done.stdout

    def close(self):
        self.sandbox.terminate()
        self.drain.terminate()
        self.sandbox.wait()


def fields():
    return [word for key, value in FIELDS.items() for word in ("--data", f"{key}={value}")]


def timed(bench, words, stdin=None):
    """Returns seconds, peak KiB, and the number of result lines after each tenth of the time."""
    begun = time.perf_counter()
    process = subprocess.Popen([bench.wxbox, *words], env=bench.env, stdin=stdin, stdout=subprocess.PIPE, text=True)
    stamps = [time.perf_counter() - begun for line in process.stdout if '"sent"' in line]
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - begun
    if status != 0:
        sys.exit(f"{words} ended with {status}")
    return took, usage.ru_maxrss, stamps


def send_all(bench):
    return timed(bench, ["--json", "send", "--all", "--template", TEMPLATE, *fields()])


def curl(bench, count, turn):
    """Sends the same bodies with curl, 32 at a time, on kept-alive connections."""
    url = f"{bench.url}/cgi-bin/message/template/send?access_token={bench.token}"
    data = {key: {"value": value} for key, value in FIELDS.items()}
    with open(f"{bench.home}/curl.conf", "w") as conf:
        for n in range(1, count + 1):
            body = json.dumps({"touser": openid(n), "template_id": TEMPLATE, "client_msg_id": f"{turn:08x}{n:024x}", "data": data})
            conf.write("next\n" if n > 1 else "")
            quoted = body.replace("\\", "\\\\").replace('"', '\\"')
            conf.write(f'url = "{url}"\nheader = "Content-Type: application/json"\ndata = "{quoted}"\noutput = "/dev/null"\n')
    begun = time.perf_counter()
    words = ["curl", "-s", "--no-progress-meter", "--parallel", "--parallel-max", "32", "--config", f"{bench.home}/curl.conf"]
    subprocess.run(words, env=bench.env, check=True)
    return time.perf_counter() - begun


def latency(home):
    count, ms = 1000, 50
    with closing(BenchEnv(home, count, f'[[faults]]\napi = "/cgi-bin/message/template/send"\ndelay = "{ms}ms"\n')) as bench:
        took, _, _ = send_all(bench)
    ideal = count * ms / 1000 / 32
    return [("1,000 templates, 50 ms, 32 at a time, over N·latency/C", took / ideal, 1.10, "")]


def rate(home):
    count = 20000
    ratios, ours, theirs = [], [], []
    with closing(BenchEnv(home, count)) as bench:
        for turn in range(3):
            other = curl(bench, count, turn)
            took, _, _ = send_all(bench)
            ours.append(count / took)
            theirs.append(count / other)
            ratios.append(other / took)
    middle = sorted(ratios)[1]
    print(f"  wxbox {sorted(ours)[1]:.0f}/s, curl {sorted(theirs)[1]:.0f}/s")
    return [("messages a second, answers at once, over curl --parallel", middle, -0.7, "")]


def crowd(home):
    count = 100_000
    with closing(BenchEnv(home, count)) as bench:
        took, peak, stamps = send_all(bench)
    kept = f"{home}/.local/share/wxbox"
    size = sum(os.path.getsize(f"{kept}/{name}") for name in os.listdir(kept))
    tenth = len(stamps) // 10
    first, last = tenth / (stamps[tenth] - stamps[0]), tenth / (stamps[-1] - stamps[-tenth])
    print(f"  {took:.1f} s in all, {stamps[0]:.1f} s until the first; {first:.0f}/s at the start, {last:.0f}/s at the end")
    return [
        ("100,000 recipients: peak memory", peak / 1024, 64, " MiB"),
        ("100,000 recipients: database", size / (1 << 20), 1e9, " MiB"),
        ("100,000 recipients: speed at the end over the start", last / first, -0.8, ""),
    ]


def batch(home):
    count = 50_000
    with open(f"{home}/lines", "w") as lines:
        for n in range(count):
            line = {"user": f"crowd{n % 1000 + 1:06d}", "template": TEMPLATE, "data": {**FIELDS, "host": f"db{n}"}, "key": str(n), "ref": n}
            lines.write(json.dumps(line) + "\n")
    with closing(BenchEnv(home, 1000)) as bench, open(f"{home}/lines") as stdin:
        took, peak, stamps = timed(bench, ["send", "--batch", "-"], stdin)
    if len(stamps) != count:
        sys.exit(f"{len(stamps)} of {count} lines were sent")
    return [("50,000 batch lines", took, 45, " s"), ("50,000 batch lines: peak memory", peak / 1024, 64, " MiB")]


def main():
    rows = []
    for part in sys.argv[1:] or ["latency", "rate", "crowd", "batch"]:
        with tempfile.TemporaryDirectory() as home:
            rows += {"latency": latency, "rate": rate, "crowd": crowd, "batch": batch}[part](home)
    ok = True
    for name, found, bound, unit in rows:
        least = bound < 0
        fits = found >= -bound if least else found <= bound
        ok = ok and fits
        note = "" if bound > 1e8 else f"at {'least' if least else 'most'} {abs(bound):g}{unit}"
        print(f"{name:58} {found:8.2f}{unit:4} {note}")
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
