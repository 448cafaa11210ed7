"""Random histories against wxbox: many processes on one database, signals, faults at WeChat, clocks, limits.

    tests/system/chaos [WXBOX] [--rounds N] [--seconds T] [--seed S] [--only NAME]… [--skip INVARIANT]… [--jobs N] [--go-on] [--keep]

A round makes a directory, a database with some people, and a model of the WeChat platform (wechat.py) on two loopback
hosts. It then runs a random history (history.py): concurrent processes of wxbox that send, retry, bind and so on are killed and
stopped, while requests fail in every way and clocks jump. At the end the faults stop, a few flushes finish all messages,
and the invariants (invariants.py) compare the output of wxbox with the platform's own log.

A violation prints the seed and the history, and the exit status is 1. `--seed S --rounds 1` repeats that round
with the same faults and commands; the interleaving of the processes is not reproducible.

Some rounds have a `serve` that delivers, takes the pushes of the platform, and is killed and started again and again.

A new fault: wechat.py. A new command, or a new kind of round: history.py. A new invariant: invariants.py.
Some kinds need root: limits (another user), disk (a mount), uptime (a time namespace). Without root, they do less.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from environment import build_shim
from history import PROFILES, History
from invariants import Facts, violations


COUNTS = ("rounds", "commands", "signals", "messages", "requests", "deliveries", "servers", "pushes", "taken")


def run_history(base, wxbox, shim, name, seed, keep):
    """Runs one round. Returns its violations, its history and its counts."""
    history = History(base, wxbox, shim, name, seed)
    environment, found, messages = history.environment, [], 0
    try:
        if history.run():
            found, messages = check_history(history)
    finally:
        environment.close(keep=keep and bool(found))
    log = history.platform.log
    counts = Counter(rounds=1, commands=len(environment.runs), signals=environment.signals, messages=messages, requests=len(log))
    counts.update(deliveries=sum(it.delivered for it in log))
    counts.update(servers=sum("serve" in run.words for run in environment.runs))
    counts.update(pushes=sum(len(it.answers) for it in history.events), taken=sum(it.taken for it in history.events))
    return found, environment.history, counts


def check_history(history):
    """Lets all messages finish after the faults have stopped, and checks the invariants."""
    left = history.drain(lambda: Facts(history).waiting())
    return violations(history, left)


def report(name, seed, found, reported):
    print(f"\nround {name}, seed {seed}:")
    for at, kind, text in sorted(reported, key=lambda it: it[0]):
        print(f"  {at:8.3f}  {kind:8} {text}")
    for check, line in found:
        print(f"  VIOLATION {check}: {line}")
    print(f"  again: --only {name} --seed {seed} --rounds 1", flush=True)


def main():
    # A shell ignores these signals for its background jobs, and wxbox leaves an ignored signal ignored.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("wxbox", nargs="?", default=os.path.join(os.path.dirname(__file__), "../../../target/debug/wxbox"))
    words.add_argument("--rounds", type=int, default=60)
    words.add_argument("--seed", type=int, help="of the first round; the next has the next number")
    words.add_argument("--only", action="append", choices=sorted(PROFILES), help="this kind of round; repeatable")
    words.add_argument("--skip", action="append", default=[], metavar="INVARIANT", help="do not check this one; repeatable")
    words.add_argument("--seconds", type=float, default=1e9, help="start no round after this time")
    words.add_argument("--jobs", type=int, default=1, help="rounds at a time")
    words.add_argument("--go-on", action="store_true", help="after a violation, too; then count the kinds of violations")
    words.add_argument("--keep", action="store_true", help="keep the directory of a round with a violation")
    args = words.parse_args()
    seed = args.seed if args.seed is not None else time.time_ns() % 1_000_000_000
    names = args.only or list(PROFILES)
    # Makes SIGTERM remove the temporary files.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    base = tempfile.mkdtemp(prefix="chaos-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    os.chmod(base, 0o755)
    total, kinds, first, began, over = Counter(), Counter(), {}, time.monotonic(), threading.Event()
    try:
        wxbox = shutil.copy(args.wxbox, f"{base}/wxbox")
        shim = build_shim(base)
        if shim is None:
            print("chaos: there is no C compiler, so the clocks stay as they are")

        def one(seed):
            if over.is_set() or time.monotonic() - began > args.seconds:
                return None
            name = names[seed % len(names)]
            return (seed, name, *run_history(base, wxbox, shim, name, seed, args.keep))

        with ThreadPoolExecutor(args.jobs) as pool:
            for done in pool.map(one, range(seed, seed + args.rounds)):
                if done is None:
                    continue
                at, name, found, reported, counts = done
                total.update(counts)
                found = [it for it in found if it[0] not in args.skip]
                if not found:
                    continue
                for check, line in reversed(found):
                    first.setdefault((name, check), f"first in the {total['rounds']}., seed {at}: {line}")
                kinds.update({(name, check) for check, _ in found})
                total.update(violated=1)
                report(name, at, found, reported)
                if not args.go_on:
                    over.set()
    finally:
        if not (args.keep and kinds):
            shutil.rmtree(base, ignore_errors=True)
    for (name, check), count in kinds.most_common():
        print(f"chaos: {name}: {check} in {count} rounds, {first[name, check]}")
    counts = ", ".join(f"{total[name]} {name}" for name in COUNTS)
    print(f"chaos: seed {seed}: {counts}; {total['violated']} rounds with violations; {time.monotonic() - began:.0f} s")
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
