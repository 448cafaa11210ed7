#!/usr/bin/env python3
"""Attacks a listener on this machine from all sides and looks whether it still answers the right request.

    benches/front_door.py URL PID [SECONDS]

URL is what a phone would get (on 127.0.0.1, or a proxy there); PID is the listener's process, for its memory and
threads. Start the listener under `ulimit -n 1024` for the strict measure. While 1,500 idle connections, 20 drips,
an endless header line, rubbish, TLS handshakes left open, bodies in chunks without an end, pipelined requests and
clients that do not read are under way, 10,000 bad requests come in, again and again until SECONDS are over, and
URL is asked now and then; at last once more. Prints one line a measure, and exits 1 when a right request was not
answered or a bound (RSS 64 MiB, 200 threads) was passed. Needs about 2,000 file descriptors of its own; one round
takes under a minute.
"""

import asyncio
import resource
import socket
import sys
import time
from urllib.parse import urlsplit

IDLE, DRIPS, BAD, AT_ONCE, RIGHT = 1500, 20, 10_000, 50, 20
PATIENCE = 60
RSS_KIB, THREADS = 64 * 1024, 200


async def idle(host, port):
    """A connection that says nothing; opened anew when the listener gives it up."""
    while True:
        try:
            reader, writer = await asyncio.open_connection(host, port)
            await reader.read(1)
            writer.close()
        except OSError:
            pass
        await asyncio.sleep(1)


async def drip(host, port):
    """A head that comes byte by byte and never ends."""
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
            writer.write(b"GET / HTTP/1.1\r\nX-Drip: ")
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.1)
        except OSError:
            pass


async def pour(host, port, begin, piece):
    """More bytes than anybody wants, again and again."""
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
            writer.write(begin)
            while True:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
        except OSError:
            await asyncio.sleep(0.01)


async def pipeline(host, port, deaf):
    """Many requests at once; if `deaf`, without reading a reply."""
    request = f"GET /nowhere HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    while True:
        try:
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(request * 200)
            await (asyncio.sleep(5) if deaf else reader.read())
            writer.close()
        except OSError:
            pass
        await asyncio.sleep(0.05)


async def stay(host, port, begin):
    """Says something that wants an answer, and never goes on."""
    while True:
        try:
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(begin)
            await reader.read()
            writer.close()
        except OSError:
            pass
        await asyncio.sleep(0.2)


async def ask(host, port, target):
    """One request; its status, 0 when the connection was given up."""
    try:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        reply = await reader.read()
        writer.close()
        return int(reply.split(b" ", 2)[1]) if reply else 0
    except OSError:
        return 0


async def bad(host, port, count, seen):
    """Requests that a listener turns away."""
    for number in range(count):
        target = ["/", "/callback/?state=wrong&code=1", "/%00%ff", "/?code=" + "x" * 2000][number % 4]
        status = await ask(host, port, target)
        seen[status] = seen.get(status, 0) + 1


def ask_once(host, port, target):
    """The right request as a phone sends it: status and seconds."""
    asked = time.monotonic()
    try:
        with socket.create_connection((host, port), PATIENCE) as peer:
            peer.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            reply = b"".join(iter(lambda: peer.recv(65536), b""))
        status = int(reply.split(b" ", 2)[1]) if reply else 0
    except OSError:
        status = 0
    return status, time.monotonic() - asked


async def ask_apart(url):
    """`ask_once` in a process of its own, which the attack in this one does not slow down."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, __file__, url, "ask", stdout=asyncio.subprocess.PIPE
    )
    status, seconds = (await child.communicate())[0].split()
    return int(status), float(seconds)


def process(pid):
    """Peak resident memory in KiB, and threads."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as lines:
        fields = dict(line.split(":", 1) for line in lines)
    return int(fields["VmHWM"].split()[0]), int(fields["Threads"])


def address(url):
    """Host, port and request target of a URL on this machine."""
    parts = urlsplit(url)
    if parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        sys.exit("only this machine is attacked")
    return parts.hostname, parts.port or 80, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


# A TLS record's head that announces a ClientHello of 512 bytes, and its first ones.
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40
CHUNKED = b"POST /callback/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


async def main(url, pid, duration):
    host, port, target = address(url)
    before, _ = ask_once(host, port, target)
    print(f"before: status {before}, VmHWM {process(pid)[0]} KiB, {process(pid)[1]} threads")

    others = [asyncio.create_task(idle(host, port)) for _ in range(IDLE)]
    others += [asyncio.create_task(drip(host, port)) for _ in range(DRIPS)]
    others.append(asyncio.create_task(pour(host, port, b"GET / HTTP/1.1\r\nX: ", b"a" * 65536)))
    others.append(asyncio.create_task(pour(host, port, b"\x16", b"\0\xff\x16\x03" * 16384)))
    others += [asyncio.create_task(stay(host, port, HELLO)) for _ in range(50)]
    others += [asyncio.create_task(pour(host, port, CHUNKED, b"1000\r\n" + b"a" * 4096 + b"\r\n")) for _ in range(5)]
    others += [asyncio.create_task(pipeline(host, port, deaf)) for deaf in (False, True) for _ in range(5)]
    await asyncio.sleep(1)
    seen, begun, right, threads, rounds = {}, time.monotonic(), [], 0, 0
    while rounds == 0 or time.monotonic() - begun < duration:
        flood = asyncio.gather(*(bad(host, port, BAD // AT_ONCE, seen) for _ in range(AT_ONCE)))
        right += [await ask_apart(url) for _ in range(RIGHT)]
        threads = max(threads, process(pid)[1])
        await flood
        rounds += 1
    print(f"flood: over after {time.monotonic() - begun:.1f} s, in {rounds} rounds")
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    good = sum(status == before for status, _ in right)
    times = sorted(seconds * 1000 for _, seconds in right)
    print(f"flood: {rounds * BAD} bad requests by status (0: given up): {dict(sorted(seen.items()))}")
    middle, slowest = times[len(times) // 2], times[-1]
    print(f"right: {good} of {len(right)} like before, half within {middle:.1f} ms, the slowest in {slowest:.1f} ms")
    after, seconds = ask_once(host, port, target)
    rss = process(pid)[0]
    print(f"after: status {after} in {seconds * 1000:.1f} ms, VmHWM {rss} KiB, {threads} threads")
    held = before == after != 0 and good == len(right) and rss < RSS_KIB and threads < THREADS
    print("held" if held else "NOT held")
    return 0 if held else 1


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    if sys.argv[2] == "ask":
        print(*ask_once(*address(sys.argv[1])))
        sys.exit()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    sys.exit(asyncio.run(main(sys.argv[1], int(sys.argv[2]), float((sys.argv + ["0"])[3]))))
