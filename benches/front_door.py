#!/usr/bin/env python3
"""Attacks a listener on this machine from all sides and looks whether it still answers the right request.

    benches/front_door.py URL PID [SECONDS] [--one-address]

URL is what a phone would get, http or https (on 127.0.0.1, or a proxy there); PID is the listener's process, for its
memory and threads. `benches/front_door.sh` starts each kind of listener, and this with it. While 1,500 idle
connections, 20 drips, an endless header line, rubbish, TLS handshakes left open, bodies in chunks without an end,
pipelined requests and clients that do not read are under way, 10,000 bad requests come in, again and again until
SECONDS are over, and URL is asked now and then; at last once more. The attack comes from eight other addresses of this
machine, or with --one-address from the phone's, as through a tunnel. Prints one line a measure, and for each right
request that got no answer what became of its connection; exits 1 when there was one or a bound (RSS 64 MiB, 200
threads) was passed. Needs about 2,500 file descriptors of its own; a round takes
seconds, over TLS one to three minutes.
"""

import argparse
import asyncio
import json
import logging
import random
import resource
import socket
import ssl
import sys
import time
from urllib.parse import urlsplit

IDLE, DRIPS, HELLOS, BAD, AT_ONCE = 1500, 20, 50, 10_000, 50
PATIENCE, PAUSE = 60, 0.25
RSS_KIB, THREADS = 64 * 1024, 200
CROWD = [f"127.0.0.{n}" for n in range(2, 10)]


class Place:
    """What is attacked: where it is, whether it speaks TLS, and from where it is attacked."""

    def __init__(self, url, one_address=False):
        parts = urlsplit(url)
        if parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            sys.exit("only this machine is attacked")
        self.host, self.tls = parts.hostname, None
        if parts.scheme == "https":
            self.tls = ssl.create_default_context()
            # Nobody else is asked.
            self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE
        self.port = parts.port or (443 if self.tls else 80)
        self.target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.crowd = [] if one_address or self.host != "127.0.0.1" else CROWD

    async def raw(self):
        """A connection of the attack, whatever is spoken on it."""
        own = (random.choice(self.crowd), 0) if self.crowd else None
        return await asyncio.open_connection(self.host, self.port, local_addr=own)

    async def open(self):
        """A connection of the attack, with its handshake done."""
        own = (random.choice(self.crowd), 0) if self.crowd else None
        return await asyncio.open_connection(self.host, self.port, local_addr=own, ssl=self.tls)

    def hello(self):
        """A whole greeting of TLS, to which the listener has to say much."""
        out = ssl.MemoryBIO()
        try:
            ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname=self.host).do_handshake()
        except ssl.SSLWantReadError:
            pass
        return out.read()

    def request(self, target):
        """A request, as a phone makes it."""
        return f"GET {target} HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n\r\n".encode()


async def idle(connect):
    """A connection that says nothing; opened anew when the listener gives it up."""
    while True:
        try:
            reader, writer = await connect()
            await reader.read(1)
            writer.close()
        except OSError:
            pass
        await asyncio.sleep(1)


async def drip(place):
    """A head that comes byte by byte and never ends."""
    while True:
        try:
            _, writer = await place.open()
            writer.write(b"GET / HTTP/1.1\r\nX-Drip: ")
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.1)
        except OSError:
            await asyncio.sleep(0.1)


async def pour(connect, begin, piece):
    """More bytes than anybody wants, again and again."""
    while True:
        try:
            _, writer = await connect()
            writer.write(begin)
            while True:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
        except OSError:
            await asyncio.sleep(0.01)


async def pipeline(place, deaf):
    """Many requests at once; if `deaf`, without reading a reply."""
    request = f"GET /nowhere HTTP/1.1\r\nHost: {place.host}\r\n\r\n".encode()
    while True:
        try:
            reader, writer = await place.open()
            writer.write(request * 200)
            await (asyncio.sleep(5) if deaf else reader.read())
            writer.close()
        except OSError:
            pass
        await asyncio.sleep(0.05)


async def stay(connect, begin):
    """Says something that wants an answer, and never goes on."""
    while True:
        try:
            reader, writer = await connect()
            writer.write(begin)
            await reader.read()
            writer.close()
        except OSError:
            pass
        await asyncio.sleep(0.2)


async def bad(place, count, seen):
    """Requests that a listener turns away."""
    for number in range(count):
        target = ["/", "/callback/?state=wrong&code=1", "/%00%ff", "/?code=" + "x" * 2000][number % 4]
        try:
            reader, writer = await place.open()
            writer.write(place.request(target))
            reply = await reader.read()
            writer.close()
            status = int(reply.split(b" ", 2)[1]) if reply else 0
        except OSError:
            status = 0
        seen[status] = seen.get(status, 0) + 1


def ask(place):
    """The right request as a phone sends it: its status (0: none), what became of it, and when, in milliseconds."""
    begun = time.monotonic()
    status, stage, ms = 0, "connecting", {}

    def is_at(next_stage):
        nonlocal stage
        ms[stage] = round((time.monotonic() - begun) * 1000, 1)
        stage = next_stage

    try:
        with socket.create_connection((place.host, place.port), PATIENCE) as peer:
            if place.tls:
                is_at("handshake")
                peer = place.tls.wrap_socket(peer)
            is_at("sending")
            peer.sendall(place.request(place.target))
            is_at("waiting")
            reply = b"".join(iter(lambda: peer.recv(65536), b""))
            peer.close()
        status = int(reply.split(b" ", 2)[1]) if reply else 0
        what = f"answered {status}" if status else "closed without an answer"
    except (ConnectionResetError, BrokenPipeError):
        what = "reset"
    except TimeoutError:
        what = f"timed out after {PATIENCE} s"
    except OSError as error:
        what = f"{type(error).__name__}: {error}"
    at = stage
    is_at("")
    return {"status": status, "what": what, "at": at, "ms": ms, "whole": ms[at]}


async def ask_apart(url):
    """`ask` in a process of its own, which the attack in this one does not slow down."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, __file__, url, "0", "--ask", stdout=asyncio.subprocess.PIPE
    )
    return json.loads((await child.communicate())[0])


def process(pid):
    """Peak resident memory in KiB, and threads."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as lines:
        fields = dict(line.split(":", 1) for line in lines)
    return int(fields["VmHWM"].split()[0]), int(fields["Threads"])


# A TLS record's head that announces a ClientHello of 512 bytes, and its first ones.
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40
CHUNKED = b"POST /callback/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def attack(place):
    """All that goes on beside the flood."""
    yield from (idle(place.raw) for _ in range(IDLE))
    yield from (drip(place) for _ in range(DRIPS))
    yield pour(place.open, b"GET / HTTP/1.1\r\nX: ", b"a" * 65536)
    yield pour(place.raw, b"\x16", b"\0\xff\x16\x03" * 16384)
    yield from (stay(place.raw, HELLO) for _ in range(HELLOS))
    yield from (pour(place.open, CHUNKED, b"1000\r\n" + b"a" * 4096 + b"\r\n") for _ in range(5))
    yield from (pipeline(place, deaf) for deaf in (False, True) for _ in range(5))
    if place.tls:
        # Answered, and left there; and with the handshake done, and nothing after it.
        yield from (stay(place.raw, place.hello()) for _ in range(10 * HELLOS))
        yield from (idle(place.open) for _ in range(HELLOS))


async def main(url, pid, duration, one_address):
    place = Place(url, one_address)
    before = ask(place)["status"]
    rss, threads = process(pid)
    print(f"before: status {before}, VmHWM {rss} KiB, {threads} threads", flush=True)

    others = [asyncio.create_task(one) for one in attack(place)]
    await asyncio.sleep(1)
    seen, begun, right, rounds = {}, time.monotonic(), [], 0
    while rounds == 0 or time.monotonic() - begun < duration:
        flood = asyncio.gather(*(bad(place, BAD // AT_ONCE, seen) for _ in range(AT_ONCE)))
        while not flood.done():
            right.append({"begun": time.monotonic() - begun, **await ask_apart(url)})
            threads = max(threads, process(pid)[1])
            await asyncio.sleep(PAUSE)
        await flood
        rounds += 1
    print(f"flood: over after {time.monotonic() - begun:.1f} s, in {rounds} rounds")
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    print(f"flood: {rounds * BAD} bad requests by status (0: given up): {dict(sorted(seen.items()))}")
    lost = [it for it in right if it["status"] != before]
    times = sorted(it["whole"] for it in right)
    middle, slowest = times[len(times) // 2], times[-1]
    answered = len(right) - len(lost)
    print(f"right: {len(right)} sent, {answered} answered, half within {middle} ms, the slowest in {slowest} ms")
    for it in lost:
        stages = ", ".join(f"{stage} until {ms} ms" for stage, ms in it["ms"].items())
        print(f"lost: {it['begun']:.1f} s into the flood: {it['what']} while {it['at']} ({stages})")
    after = ask(place)
    rss = process(pid)[0]
    print(f"after: {after['what']} in {after['whole']} ms, VmHWM {rss} KiB, {threads} threads at most")
    held = before == after["status"] != 0 and not lost and rss < RSS_KIB and threads < THREADS
    print("held" if held else "NOT held")
    return 0 if held else 1


if __name__ == "__main__":
    words = argparse.ArgumentParser(usage=__doc__)
    words.add_argument("url")
    words.add_argument("pid", type=int)
    words.add_argument("seconds", type=float, nargs="?", default=0)
    words.add_argument("--one-address", action="store_true")
    words.add_argument("--ask", action="store_true", help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.ask:
        print(json.dumps(ask(Place(given.url))))
        sys.exit()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 8192)), hard))
    # It warns of each connection that the other end has closed: thousands, and meant to be.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    sys.exit(asyncio.run(main(given.url, given.pid, given.seconds, given.one_address)))
