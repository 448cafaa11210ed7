"""The environment of a round: a directory with a config and a database, clocks, and processes of wxbox that are
signalled, limited and observed."""

import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import tempfile
import threading
import time

from wechat import TEMPLATES, Platform

HANG_TIMEOUT_S = 15  # seconds without an event of a process or at WeChat, after which the process counts as hung
EXIT_TIMEOUT_S = 8  # seconds within which a process must exit after a signal
PUSH_TOKEN = "pushToken0123456789"

# Shifts the wall clock of the processes that load it, also while they run, and not their uptime. libfaketime does the same,
# but leaves files in /dev/shm when processes are killed.
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
static volatile long *leap;
static int (*real)(clockid_t, struct timespec *);
__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CHAOS_CLOCK");
    int file = path ? open(path, O_RDONLY) : -1;
    real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    if (file < 0) return;
    void *at = mmap(0, sizeof *leap, PROT_READ, MAP_SHARED, file, 0);
    if (at != MAP_FAILED) leap = at;
    close(file);
}
int clock_gettime(clockid_t clock, struct timespec *now) {
    int status = real(clock, now);
    if (leap && clock == CLOCK_REALTIME) now->tv_sec += *leap;
    return status;
}
"""


def build_shim(home):
    """Compiles the shim to a library. Returns None if there is no compiler; then the clocks are not changed."""
    if not shutil.which("cc"):
        return None
    with open(f"{home}/shim.c", "w") as file:
        file.write(SHIM)
    built = subprocess.run(
        ["cc", "-shared", "-fPIC", "-O1", "-o", f"{home}/shim.so", f"{home}/shim.c", "-ldl"], capture_output=True
    )
    return f"{home}/shim.so" if built.returncode == 0 else None


class Clock:
    """The wall clock that WeChat and wxbox share, and the uptime of the processes that start from now on."""

    def __init__(self, home, shim):
        self.home, self.shim, self.offset, self.up, self.wrong = home, shim, 0, 0, 0
        self.namespaces = {}
        self.write_offset(f"{home}/clock", 0)

    def __call__(self):
        return time.time() + self.offset

    def write_offset(self, path, offset):
        # The file is changed in place, because the processes have mapped it.
        with open(path, "r+b" if os.path.exists(path) else "wb") as file:
            file.write(struct.pack("l", offset))

    def jump_wall_clock(self, seconds):
        """Moves the wall clock of all processes and not the uptime, as in a virtual machine that was paused."""
        if self.shim:
            self.offset += seconds
            self.write_offset(f"{self.home}/clock", self.offset)

    def advance_both_clocks(self, seconds):
        """Advances both clocks for the processes that are started afterwards."""
        self.jump_wall_clock(seconds)
        if self.shim and os.geteuid() == 0 and self.namespace(self.up + seconds):
            self.up += seconds

    def set_wrong(self, seconds):
        """Returns a clock for one process that is off by this many seconds."""
        self.wrong += 1
        path = f"{self.home}/clock-{self.wrong}"
        self.write_offset(path, self.offset + seconds)
        return path

    def namespace(self, up):
        """Returns a time namespace with a longer uptime; a sleeping process keeps it alive."""
        if up not in self.namespaces:
            keeper = subprocess.Popen(["unshare", "--time", "--boottime", str(up), "sleep", "600"], stderr=subprocess.DEVNULL)
            self.namespaces[up] = keeper
            while keeper.poll() is None:
                with open(f"/proc/{keeper.pid}/comm") as comm:
                    if comm.read().strip() == "sleep":
                        break
                time.sleep(0.001)
        keeper = self.namespaces[up]
        return None if keeper.poll() is not None else f"/proc/{keeper.pid}/ns/time"

    def prefix(self):
        place = self.up and self.namespace(self.up)
        return ["nsenter", f"--time={place}"] if place else []

    def close(self):
        for keeper in self.namespaces.values():
            keeper.kill()
            keeper.wait()


class Run:
    """One process of wxbox."""

    def __init__(self, environment, number, words, env, prefix, stdin, concurrency, reads):
        self.environment, self.number, self.words, self.concurrency = environment, number, words, concurrency
        self.out, self.err = f"{environment.home}/{number}.out", f"{environment.home}/{number}.err"
        self.signals, self.stops, self.status, self.hung = [], [], None, False
        self.started, self.ended, self.last = time.monotonic(), None, time.monotonic()
        self.pipe = None
        source = subprocess.DEVNULL
        if stdin is not None:
            with open(f"{environment.home}/{number}.in", "w") as file:
                file.write(stdin)
            source = open(f"{environment.home}/{number}.in")
        out = open(self.out, "w")
        if not reads:
            # This pipe is never read.
            self.pipe, out = os.pipe()
        self.process = subprocess.Popen(
            [*prefix, environment.wxbox, *words], stdin=source, stdout=out, stderr=open(self.err, "w"), env=env, cwd=environment.home
        )
        if not reads:
            os.close(out)
        self.done = threading.Event()
        threading.Thread(target=self.wait, daemon=True).start()

    def wait(self):
        status = self.process.wait()
        self.ended, self.status = time.monotonic(), status
        self.environment.note("end", f"[{self.number}] {status if status >= 0 else signal.Signals(-status).name}{self.output()}")
        if self.pipe is not None:
            os.close(self.pipe)
        self.done.set()

    def output(self):
        lines = [line for line in open(self.err, errors="replace").read().splitlines() if line][:3]
        return "".join(f"\n            {line[:200]}" for line in lines)

    def signal(self, name):
        if self.done.is_set():
            return
        self.environment.note("signal", f"{name} to [{self.number}]")
        self.environment.signals += 1
        self.last = time.monotonic()
        if name == "STOP":
            self.stops.append([self.last, None])
        elif name == "CONT":
            if self.stops:
                self.stops[-1][1] = self.last
        else:
            self.signals.append((self.last, name))
        try:
            self.process.send_signal(getattr(signal, f"SIG{name}"))
        except ProcessLookupError:
            pass

    @property
    def stopped(self):
        return bool(self.stops) and self.stops[-1][1] is None

    def was_signalled(self, *names):
        return any(name in names for _, name in self.signals)

    def lines(self):
        """Returns the JSON objects that it printed; the last one of a killed process may be truncated."""
        found = []
        for line in open(self.out, errors="replace"):
            try:
                found.append(json.loads(line))
            except ValueError:
                pass
        return [line for line in found if isinstance(line, dict)]

    def errors(self):
        return open(self.err, errors="replace").read()


class Environment:
    """One round's directory, platform, clock and processes."""

    def __init__(self, base, wxbox, shim, seed, config, unprivileged=False, small_disk=None):
        self.home = tempfile.mkdtemp(prefix="round-", dir=base)
        self.wxbox, self.shim, self.began = wxbox, shim, time.monotonic()
        self.history, self.guard, self.runs, self.signals = [], threading.Lock(), [], 0
        self.clock = Clock(self.home, shim)
        self.platform = Platform(seed, self.clock, self.note)
        self.data = f"{self.home}/data"
        self.database = f"{self.data}/wxbox.db"
        os.mkdir(self.data, 0o700)
        self.mounted = (
            bool(small_disk)
            and os.geteuid() == 0
            and subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={small_disk}k,mode=700", "chaos", self.data], stderr=subprocess.DEVNULL
            ).returncode
            == 0
        )
        # An unused user id, because the limit of threads applies to all threads of the user.
        self.uid = (
            random.randrange(200_000, 2_000_000_000) if unprivileged and os.geteuid() == 0 and shutil.which("setpriv") else None
        )
        self.concurrency = config.pop("concurrency", 4)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.serve_address = "127.0.0.1:%d" % free.getsockname()[1]
        aliases = "".join(f'[templates.{title.lower()}]\nid = "{it}"\n' for it, (title, _) in TEMPLATES.items())
        send = "".join(f"{name} = {json.dumps(value)}\n" for name, value in config.pop("send", {}).items())
        top = "".join(f"{name} = {json.dumps(value)}\n" for name, value in config.items())
        with open(f"{self.home}/config.toml", "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(f'app_id = "wx0123456789abcdef"\napp_secret = "0123456789abcdef0123456789abcdef"\n{top}')
            file.write(f'[network]\napi_base = {json.dumps(self.platform.bases())}\ntimeout = "1s"\n')
            file.write(f'[serve]\naddress = "{self.serve_address}"\n[push]\ntoken = "{PUSH_TOKEN}"\n')
            file.write(f"[send]\nconcurrency = {self.concurrency}\n{send}{aliases}")
        self.env = {
            "HOME": self.home,
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "WXBOX_DATABASE": self.database,
            "WXBOX_CONFIG": f"{self.home}/config.toml",
            "CHAOS_CLOCK": f"{self.home}/clock",
        }
        if shim:
            self.env["LD_PRELOAD"] = shim
        if self.uid:
            os.chmod(self.home, 0o755)
            for path in (self.data, f"{self.home}/config.toml"):
                os.chown(path, self.uid, self.uid)

    def note(self, kind, text, at=None):
        with self.guard:
            self.history.append(((at or time.monotonic()) - self.began, kind, text))

    def start(self, *words, stdin=None, limits=(), clock=None, reads=True):
        """Starts wxbox. `limits` are words for prlimit, `clock` is the file of a clock of its own."""
        env = {**self.env, "CHAOS_CLOCK": clock} if clock else self.env
        prefix = self.clock.prefix()
        if self.uid:
            prefix += ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups"]
        prefix += ["prlimit", *limits] if limits else []
        number = len(self.runs) + 1
        said = " ".join([*limits, *([os.path.basename(clock)] if clock else []), *words])
        self.note("start", f"[{number}] wxbox {said[:160]}")
        run = Run(self, number, list(words), env, prefix, stdin, self.concurrency, reads)
        self.runs.append(run)
        return run

    def alive(self):
        return [run for run in self.runs if not run.done.is_set()]

    def finish(self, run):
        """Waits until it has ended; one that hangs is recorded and killed."""
        while not run.done.wait(0.01 if run.status is None else 0):
            now = time.monotonic()
            last = max([run.last, self.platform.last, run.started, *(it.ended for it in self.runs if it.ended and not it.hung)])
            told = [at for at, name in run.signals if name != "KILL"]
            if run.stopped:
                continue
            if now - last > HANG_TIMEOUT_S or told and now - max(told[0], run.last) > EXIT_TIMEOUT_S:
                run.hung = True
                self.note("hang", f"[{run.number}] does not end{' although it was told to' if told else ''}: killed")
                run.process.kill()
        return run

    def call(self, *words, **more):
        return self.finish(self.start(*words, **more))

    def lock(self, seconds):
        """Holds the database's write lock for a while, as another program. Returns the thread that holds it."""

        def hold():
            with sqlite3.connect(f"file:{self.database}?mode=rw", uri=True, isolation_level=None, timeout=1) as other:
                try:
                    other.execute("BEGIN IMMEDIATE")
                    time.sleep(seconds)
                    other.execute("ROLLBACK")
                except sqlite3.Error:
                    pass
            other.close()

        if self.uid or not os.path.exists(self.database):
            return None
        thread = threading.Thread(target=hold, daemon=True)
        thread.start()
        return thread

    def enlarge(self):
        """Frees space on a small disk."""
        if self.mounted:
            subprocess.run(["mount", "-o", "remount,size=64m", self.data], check=True)

    def close(self, keep=False):
        for run in self.alive():
            run.process.kill()
            run.done.wait(5)
        self.platform.close()
        self.clock.close()
        if self.mounted:
            subprocess.run(["umount", "-l", self.data], check=False)
        if not keep:
            shutil.rmtree(self.home, ignore_errors=True)
