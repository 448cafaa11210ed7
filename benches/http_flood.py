#!/usr/bin/env python3
"""Attacks a listener on this machine in many ways, and checks that it still answers the valid request.

    benches/http_flood.py URL PID [SECONDS] [--one-address]

URL is the address that a phone would open, http or https (on 127.0.0.1, or a proxy there); PID is the listener's process, for its
memory and threads. `benches/http_flood.sh` starts each kind of listener, and this program with it. While 1,500 idle
connections, 20 slow requests, an endless header line, garbage, unfinished TLS handshakes, endless chunked bodies,
pipelined requests and clients that do not read are in progress, it sends 10,000 invalid requests, repeatedly until
SECONDS have passed, requests URL now and then, and once more at the end. The attack comes from eight other addresses of this
machine, or with --one-address from the phone's, as through a tunnel. Prints one line per measurement, and for each valid
request without a response what happened to its connection; exits 1 if there was one or if a bound (RSS 64 MiB, 200
threads) was exceeded. Needs about 2,500 file descriptors of its own; a round takes
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

IDLE, DRIPS, HANDSHAKES, BAD, AT_ONCE = 1500, 20, 50, 10_000, 50
TIMEOUT_S, PAUSE_S = 60, 0.25
RSS_KIB, THREADS = 64 * 1024, 200
CLIENT_ADDRESSES = [f"127.0.0.{n}" for n in range(2, 10)]


class Target:
    """The attacked listener: its address, whether it uses TLS, and the addresses of the attackers."""

    def __init__(self, url, one_address=False):
        parts = urlsplit(url)
        if parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            sys.exit("only this machine is attacked")
        self.host, self.tls = parts.hostname, None
        if parts.scheme == "https":
            self.tls = ssl.create_default_context()
            # The certificate is self-signed.
            self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE
        self.port = parts.port or (443 if self.tls else 80)
        self.target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.addresses = [] if one_address or self.host != "127.0.0.1" else CLIENT_ADDRESSES

    async def raw(self):
        """Opens a TCP connection of the attack."""
        own = (random.choice(self.addresses), 0) if self.addresses else None
        return await asyncio.open_connection(self.host, self.port, local_addr=own)

    async def open(self):
        """Opens a connection of the attack and completes its TLS handshake."""
        own = (random.choice(self.addresses), 0) if self.addresses else None
        return await asyncio.open_connection(self.host, self.port, local_addr=own, ssl=self.tls)

    def client_hello(self):
        """Returns a complete ClientHello, which makes the listener send a long response."""
        out = ssl.MemoryBIO()
        try:
            ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname=self.host).do_handshake()
        except ssl.SSLWantReadError:
            pass
        return out.read()

    def request(self, target):
        """Returns a request as a phone sends it."""
        return f"GET {target} HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n\r\n".encode()


async def idle(connect):
    """Keeps a silent connection, which is opened again when the listener closes it."""
    while True:
        try:
            reader, writer = await connect()
            await reader.read(1)
            writer.close()
        except OSError:
            pass
        await asyncio.sleep(1)


async def drip(target_server):
    """Sends a request head byte by byte without an end."""
    while True:
        try:
            _, writer = await target_server.open()
            writer.write(b"GET / HTTP/1.1\r\nX-Drip: ")
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.1)
        except OSError:
            await asyncio.sleep(0.1)


async def flood(connect, begin, piece):
    """Sends endless data, repeatedly."""
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


async def pipeline(target_server, deaf):
    """Sends many requests at once; if `deaf`, without reading a response."""
    request = f"GET /nowhere HTTP/1.1\r\nHost: {target_server.host}\r\n\r\n".encode()
    while True:
        try:
            reader, writer = await target_server.open()
            writer.write(request * 200)
            await (asyncio.sleep(5) if deaf else reader.read())
            writer.close()
        except OSError:
            pass
        await asyncio.sleep(0.05)


async def stay(connect, begin):
    """Sends the start of an exchange and never continues it."""
    while True:
        try:
            reader, writer = await connect()
            writer.write(begin)
            await reader.read()
            writer.close()
        except OSError:
            pass
        await asyncio.sleep(0.2)


async def bad(target_server, count, seen):
    """Sends requests that a listener rejects."""
    for number in range(count):
        target = ["/", "/callback/?state=wrong&code=1", "/%00%ff", "/?code=" + "x" * 2000][number % 4]
        try:
            reader, writer = await target_server.open()
            writer.write(target_server.request(target))
            reply = await reader.read()
            writer.close()
            status = int(reply.split(b" ", 2)[1]) if reply else 0
        except OSError:
            status = 0
        seen[status] = seen.get(status, 0) + 1


def ask(target_server):
    """Sends the valid request as a phone does; returns its status (0: none), its outcome, and the times in milliseconds."""
    begun = time.monotonic()
    status, stage, ms = 0, "connecting", {}

    def is_at(next_stage):
        nonlocal stage
        ms[stage] = round((time.monotonic() - begun) * 1000, 1)
        stage = next_stage

    try:
        with socket.create_connection((target_server.host, target_server.port), TIMEOUT_S) as peer:
            if target_server.tls:
                is_at("handshake")
                peer = target_server.tls.wrap_socket(peer)
            is_at("sending")
            peer.sendall(target_server.request(target_server.target))
            is_at("waiting")
            reply = b"".join(iter(lambda: peer.recv(65536), b""))
            peer.close()
        status = int(reply.split(b" ", 2)[1]) if reply else 0
        what = f"answered {status}" if status else "closed without an answer"
    except (ConnectionResetError, BrokenPipeError):
        what = "reset"
    except TimeoutError:
        what = f"timed out after {TIMEOUT_S} s"
    except OSError as error:
        what = f"{type(error).__name__}: {error}"
    at = stage
    is_at("")
    return {"status": status, "what": what, "at": at, "ms": ms, "whole": ms[at]}


async def ask_in_subprocess(url):
    """Runs `ask` in a process of its own, because the attack would slow it down in this one."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, __file__, url, "0", "--ask", stdout=asyncio.subprocess.PIPE
    )
    return json.loads((await child.communicate())[0])


def process(pid):
    """Returns the peak resident memory in KiB, and the number of threads."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as lines:
        fields = dict(line.split(":", 1) for line in lines)
    return int(fields["VmHWM"].split()[0]), int(fields["Threads"])


# The head of a TLS record that announces a ClientHello of 512 bytes, and its first bytes.
CLIENT_HELLO_START = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40
CHUNKED = b"POST /callback/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def flood_tasks(target_server):
    """Yields the tasks that run beside the invalid requests."""
    yield from (idle(target_server.raw) for _ in range(IDLE))
    yield from (drip(target_server) for _ in range(DRIPS))
    yield flood(target_server.open, b"GET / HTTP/1.1\r\nX: ", b"a" * 65536)
    yield flood(target_server.raw, b"\x16", b"\0\xff\x16\x03" * 16384)
    yield from (stay(target_server.raw, CLIENT_HELLO_START) for _ in range(HANDSHAKES))
    yield from (flood(target_server.open, CHUNKED, b"1000\r\n" + b"a" * 4096 + b"\r\n") for _ in range(5))
    yield from (pipeline(target_server, deaf) for deaf in (False, True) for _ in range(5))
    if target_server.tls:
        # Handshakes that are abandoned after the response, and completed ones without a request.
        yield from (stay(target_server.raw, target_server.client_hello()) for _ in range(10 * HANDSHAKES))
        yield from (idle(target_server.open) for _ in range(HANDSHAKES))


async def main(url, pid, duration, one_address):
    target_server = Target(url, one_address)
    before = ask(target_server)["status"]
    rss, threads = process(pid)
    print(f"before: status {before}, VmHWM {rss} KiB, {threads} threads", flush=True)

    others = [asyncio.create_task(one) for one in flood_tasks(target_server)]
    await asyncio.sleep(1)
    seen, begun, right, rounds = {}, time.monotonic(), [], 0
    while rounds == 0 or time.monotonic() - begun < duration:
        bad_requests = asyncio.gather(*(bad(target_server, BAD // AT_ONCE, seen) for _ in range(AT_ONCE)))
        while not bad_requests.done():
            right.append({"begun": time.monotonic() - begun, **await ask_in_subprocess(url)})
            threads = max(threads, process(pid)[1])
            await asyncio.sleep(PAUSE_S)
        await bad_requests
        rounds += 1
    print(f"flood: over after {time.monotonic() - begun:.1f} s, in {rounds} rounds")
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    print(f"flood: {rounds * BAD} bad requests by status (0: no answer): {dict(sorted(seen.items()))}")
    lost = [request for request in right if request["status"] != before]
    times = sorted(request["whole"] for request in right)
    middle, slowest = times[len(times) // 2], times[-1]
    answered = len(right) - len(lost)
    print(f"right: {len(right)} sent, {answered} answered, half within {middle} ms, the slowest in {slowest} ms")
    for request in lost:
        stages = ", ".join(f"{stage} until {ms} ms" for stage, ms in request["ms"].items())
        print(f"lost: {request['begun']:.1f} s into the flood: {request['what']} while {request['at']} ({stages})")
    after = ask(target_server)
    rss = process(pid)[0]
    print(f"after: {after['what']} in {after['whole']} ms, VmHWM {rss} KiB, {threads} threads at most")
    held = before == after["status"] != 0 and not lost and rss < RSS_KIB and threads < THREADS
    print("held" if held else "NOT held")
    return 0 if held else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("url")
    parser.add_argument("pid", type=int)
    parser.add_argument("seconds", type=float, nargs="?", default=0)
    parser.add_argument("--one-address", action="store_true")
    parser.add_argument("--ask", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.ask:
        print(json.dumps(ask(Target(args.url))))
        sys.exit()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 8192)), hard))
    # asyncio warns of each connection that the other end has closed, which is intended for thousands of them.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    sys.exit(asyncio.run(main(args.url, args.pid, args.seconds, args.one_address)))
