#!/usr/bin/env python3
"""Measures `serve`: the delay of deliveries, the rate of receipts, and the resources that it uses while it is idle.

    cargo build --release && benches/serve_latency.py [delivery|receipts|idle]…

delivery   100 templates of `send --no-wait`: from the commit to the request at a server in place of WeChat
receipts   500 receipts a second, for 10 s: the share that was answered, and the slowest answer
idle       a minute without requests: processor time and memory from /proc

The time is measured from the end of `send --no-wait`, which is somewhat later than its commit. The duration of `send` is printed
beside it, as the upper bound of the difference. Prints a table; exits 1 if a bound is exceeded. TMPDIR selects the disk.
"""

import http.server
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing

import push_flood

TARGET = os.environ.get("CARGO_TARGET_DIR") or os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "target")
BUILT = os.path.join(TARGET, "release/wxbox")
MESSAGES, RECEIPTS_A_SECOND, RECEIPT_S, IDLE_S = 100, 500, 10, 60
SETTLE_S = 3


class Platform(http.server.ThreadingHTTPServer):
    """Answers requests for tokens and templates, and records when each message arrived."""

    daemon_threads = True

    def __init__(self):
        self.arrived, self.condition = {}, threading.Condition()
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def wait_for(self, host):
        with self.condition:
            self.condition.wait_for(lambda: host in self.arrived, 30)
            return self.arrived[host]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        now = time.monotonic()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "get_all_private_template" in self.path:
            row = {"template_id": "T1", "title": "Backup", "content": "Host: {{host.DATA}}", "example": ""}
            answer = {"template_list": [{**row, "primary_industry": "", "deputy_industry": ""}]}
        elif "token" in self.path.split("?")[0]:
            answer = {"access_token": "t" * 100, "expires_in": 7200}
        else:
            host = json.loads(body)["data"]["host"]["value"]
            with self.server.condition:
                self.server.arrived[host] = now
                answer = {"errcode": 0, "errmsg": "ok", "msgid": 1000 + len(self.server.arrived)}
                self.server.condition.notify_all()
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST

    def log_message(self, *_):
        pass


class BenchEnv:
    """A home, a platform, and a running `serve`."""

    def __init__(self, home):
        self.platform = Platform()
        self.wxbox = os.path.join(home, "wxbox")
        subprocess.run(["cp", BUILT, self.wxbox], check=True)
        self.env = {"HOME": home, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        self.database = f"{home}/.local/share/wxbox/wxbox.db"
        os.makedirs(f"{home}/.config/wxbox")
        with open(f"{home}/.config/wxbox/config.toml", "w", opener=lambda p, f: os.open(p, f, 0o600)) as config:
            config.write('app_id = "wx0123456789abcdef"\napp_secret = "0123456789abcdef0123456789abcdef"\n')
            config.write(f'[network]\napi_base = "http://127.0.0.1:{self.platform.server_port}"\n')
            config.write(f'[serve]\naddress = "127.0.0.1:0"\n[push]\ntoken = "{push_flood.TOKEN}"\n')
        self.run("-q", "user", "add", "luffy", "--openid", "oLuffy_wears_the_straw_hat_1")
        self.serve = subprocess.Popen([self.wxbox, "--json", "serve"], env=self.env, stdout=subprocess.PIPE, text=True)
        host, port = json.loads(self.serve.stdout.readline())["address"].rsplit(":", 1)
        self.address = (host, int(port))
        self.drain = subprocess.Popen(["cat"], stdin=self.serve.stdout, stdout=subprocess.DEVNULL)

    def run(self, *words):
        subprocess.run([self.wxbox, *words], env=self.env, check=True, stdout=subprocess.DEVNULL)

    def close(self):
        self.serve.terminate()
        if self.serve.wait() != 0:
            sys.exit("serve did not end well")
        self.drain.wait()
        self.platform.shutdown()


def delivery(bench):
    times, sends = [], []
    for n in range(MESSAGES):
        # Send at different times of the interval at which serve checks the database.
        time.sleep(0.3 + 0.2 * n / MESSAGES)
        begun = time.monotonic()
        bench.run("-q", "send", "--no-wait", "--user", "luffy", "--template", "T1", "--data", f"host=h{n}")
        ended = time.monotonic()
        sends.append(ended - begun)
        times.append(max(0, bench.platform.wait_for(f"h{n}") - ended))
    middle, slowest = statistics.median(times) * 1000, max(times) * 1000
    print(f"  the slowest of {MESSAGES}: {slowest:.0f} ms; `send --no-wait` took {statistics.median(sends) * 1000:.0f} ms at the median")
    return [("from the commit to the request, median", middle, 250, " ms")]


def receipt(number):
    body = (
        f"<xml><ToUserName>gh_1</ToUserName><FromUserName>oRight</FromUserName><CreateTime>{number}</CreateTime><MsgType>event</MsgType>"
        f"<Event>TEMPLATESENDJOBFINISH</Event><MsgID>{10**15 + number}</MsgID><Status>success</Status></xml>"
    ).encode()
    head = f"POST /push?{push_flood.query()} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode(), body


def receipts(bench):
    push_flood.push = receipt
    import queue

    results = queue.Queue()
    begun = time.monotonic()
    push_flood.wechat(bench.address, RECEIPTS_A_SECOND, RECEIPT_S, results)
    took = time.monotonic() - begun
    sent, times, statuses = results.get()
    times.sort()
    recorded = push_flood.rows(bench.database).get("oRight", 0)
    print(f"  {sent} receipts in {took:.1f} s, {statuses}, {recorded} recorded; half within {statistics.median(times) * 1000:.0f} ms")
    return [
        ("receipts a second, answered and recorded", min(statuses.get(200, 0), recorded) / took, -0.95 * RECEIPTS_A_SECOND, ""),
        ("the slowest answer to a receipt", times[-1] * 1000, 1000, " ms"),
    ]


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def scheduled_s(pid):
    """Returns the processor time of all threads in seconds, by the nanosecond counters of the scheduler."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="utf-8") as stat:
            total += int(stat.read().split()[0])
    return total / 1e9


def idle(bench):
    time.sleep(SETTLE_S)
    pid = bench.serve.pid
    before, ticks = scheduled_s(pid), cpu_s(pid)
    time.sleep(IDLE_S)
    share = (scheduled_s(pid) - before) / IDLE_S * 100
    print(f"  {(cpu_s(pid) - ticks) * 1000:.0f} ms by ticks; VmHWM {push_flood.process(pid)[0]} KiB")
    return [
        ("idle for a minute: share of a processor", share, 0.1, " %"),
        ("idle: memory (VmRSS)", push_flood.rss_kib(pid) / 1024, 24, " MiB"),
    ]


def main():
    rows = []
    for part in sys.argv[1:] or ["idle", "delivery", "receipts"]:
        with tempfile.TemporaryDirectory() as home, closing(BenchEnv(home)) as bench:
            rows += {"delivery": delivery, "receipts": receipts, "idle": idle}[part](bench)
    ok = True
    for name, found, bound, unit in rows:
        fits = found >= -bound if bound < 0 else found <= bound
        ok = ok and fits
        print(f"{name:44} {found:8.2f}{unit:4} at {'least' if bound < 0 else 'most'} {abs(bound):g}{unit}")
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
