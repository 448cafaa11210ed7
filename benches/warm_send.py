#!/usr/bin/env python3
"""Times a warm `wxbox send` as a whole process against a bare `curl` POST of the same body.

    cargo build --release && benches/warm_send.py [RUNS]

Both talk to one `wxbox sandbox` on the loopback, in turn (A B A B …), after a warm-up: over plain HTTP, and
over TLS through nginx. Prints medians, the median of the pairwise ratios, peak memory, and the size of the
binary; exits 1 if a bound is exceeded. Also measures the start-up of `--version` over /bin/true. Needs curl, nginx
and openssl.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILT = os.environ.get("WXBOX_BINARY", os.path.join(ROOT, "target/release/wxbox"))
# The move of the log into the database at the end of the last process raises 0.89 to 1.03 of curl, and over TLS 0.72 to
# 0.81; docs/decisions.md has the parts of a send.
RATIO, RATIO_TLS, RSS_KIB, SIZE = 1.0, 1.0, 24 * 1024, 12 << 20
TEMPLATE = "backup_finished-0123456789abcdefghijklmnopq"


def run(command, env):
    """Seconds and peak KiB of one run, which must succeed."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - begun
    if status != 0:
        sys.exit(f"{command} ended with {status}")
    return took, usage.ru_maxrss


def paired(a, b, env):
    """Both commands in turn; the figures of each."""
    for command in (a, b):
        run(command, env)
    return zip(*[(run(a, env), run(b, env)) for _ in range(RUNS)])


def main():
    with tempfile.TemporaryDirectory() as home:
        # A copy, as after installation: a file that a linker has just written starts slower.
        global WXBOX
        WXBOX = os.path.join(home, "wxbox")
        subprocess.run(["cp", BUILT, WXBOX], check=True)
        env = {"HOME": home, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        sandbox = subprocess.Popen(
            [WXBOX, "sandbox", "--json", "--listen", "127.0.0.1:0"], env=env, stdout=subprocess.PIPE, text=True
        )
        at = json.loads(sandbox.stdout.readline())
        # Read its lines, because a full pipe would block it.
        drain = subprocess.Popen(["cat"], stdin=sandbox.stdout, stdout=subprocess.DEVNULL)
        proxy, tls_url, ca_file = start_tls_proxy(home, at["url"])
        try:
            env_tls = {**env, "HOME": f"{home}/tls"}
            plain = measure(env, at, at["url"], None)
            tls = measure(env_tls, at, tls_url, ca_file)
        finally:
            for process in (sandbox, drain, proxy):
                process.terminate()
    ok = report("", plain, RATIO) & report(" over TLS", tls, RATIO_TLS) & report_process(max(plain[2], tls[2]), env)
    sys.exit(0 if ok else 1)


def start_tls_proxy(home, url):
    """nginx with a certificate of a CA of its own in front of the sandbox; its process, URL and CA file."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    days, key = ["-days", "2"], ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl = lambda *words: subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=home)
    openssl("req", "-x509", *key, *days, "-subj", "/CN=bench CA", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", *key, "-subj", "/CN=localhost", "-keyout", "tls.key", "-out", "tls.csr")
    with open(f"{home}/san", "w") as san:
        san.write("subjectAltName=DNS:localhost")
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-extfile", "san"]
    openssl("x509", "-req", "-in", "tls.csr", *signed, *days, "-out", "tls.pem")
    with open(f"{home}/nginx.conf", "w") as conf:
        conf.write(
            f"""daemon off; pid {home}/nginx.pid; error_log stderr; events {{}}
            http {{ access_log off; client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
            upstream sandbox {{ server {url.removeprefix("http://")}; keepalive 8; }}
            server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {home}/tls.pem; ssl_certificate_key {home}/tls.key;
            location / {{ proxy_pass http://sandbox; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_set_header Host {url.removeprefix("http://")}; }} }} }}"""
        )
    proxy = subprocess.Popen(["nginx", "-c", f"{home}/nginx.conf"], stderr=subprocess.DEVNULL)
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return proxy, f"https://localhost:{port}", f"{home}/ca.pem"


def measure(env, at, url, ca_file):
    """The times of sends and of curls, and the peak KiB of a send."""
    home = env["HOME"]
    os.makedirs(f"{home}/.config/wxbox")
    with open(f"{home}/.config/wxbox/config.toml", "w", opener=lambda p, f: os.open(p, f, 0o600)) as config:
        config.write(f'app_id = "{at["app_id"]}"\napp_secret = "{at["app_secret"]}"\n[network]\napi_base = "{url}"\n')
        if ca_file:
            config.write(f'ca_file = "{ca_file}"\n')
    fields = ["host=db1", "size=42 GB", "time=03:15"]
    data = [word for field in fields for word in ("--data", field)]
    wxbox = [WXBOX, "-q", "send", "--user", "luffy", "--template", TEMPLATE, *data]
    subprocess.run([WXBOX, "user", "add", "luffy", "--openid", "oLuffy_wears_the_straw_hat_1"], env=env, check=True)
    token = subprocess.run([WXBOX, "token"], env=env, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    dry = subprocess.run(wxbox + ["--dry-run"], env=env, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    # The same body with another id, because the platform drops a repeat.
    body = json.loads(dry)
    del body["client_msg_id"]
    url = f"{url}/cgi-bin/message/template/send?access_token={token}"
    trust = ["--cacert", ca_file] if ca_file else []
    curl = ["curl", "-s", *trust, "-H", "Content-Type: application/json", "--data", json.dumps(body), url]
    sends, curls = (list(side) for side in paired(wxbox, curl, env))
    return [took for took, _ in sends], [took for took, _ in curls], max(peak for _, peak in sends)


def report(kind, measured, bound):
    sends, curls, _ = measured
    ratio = statistics.median(send / curl for send, curl in zip(sends, curls))
    show(f"warm send{kind}, median", f"{statistics.median(sends) * 1e3:.2f} ms")
    show(f"curl POST of the same body{kind}, median", f"{statistics.median(curls) * 1e3:.2f} ms")
    show(f"send / curl{kind}, median of pairs", f"{ratio:.2f}", f"at most {bound}")
    return ratio <= bound


def report_process(peak, env):
    start, true = (list(side) for side in paired([BUILT, "--version"], ["/bin/true"], env))
    over = statistics.median(x[0] - y[0] for x, y in zip(start, true))
    size = os.path.getsize(BUILT)
    show("peak memory of send", f"{peak / 1024:.1f} MiB", f"at most {RSS_KIB // 1024} MiB")
    show("size of the binary", f"{size / (1 << 20):.1f} MiB", f"at most {SIZE >> 20} MiB")
    show("--version over /bin/true, median", f"{over * 1e3:.2f} ms")
    return peak <= RSS_KIB and size <= SIZE


def show(name, figure, bound=""):
    print(f"{name:<44}{figure:>12}  {bound}")


main()
