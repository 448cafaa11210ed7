#!/usr/bin/env python3
"""Floods the push URL of a `serve` on this machine, and checks that the pushes of WeChat are answered and recorded.

    benches/push_flood.py ADDRESS PID DATABASE [SECONDS | --minutes N]

`benches/front_door.sh serve` starts `serve`, and this program with it. WeChat sends 500 signed pushes a second, a tenth of them twice. Meanwhile
other processes send 500 pushes a second without a signature, as many with wrong signatures as the machine can, bodies that
drip, and the attacks of http_flood.py: idle connections, drips, endless heads, garbage, pipelines. Prints the times of the
answers, as this program sees them, the memory, and the rows. Exits 1 if a signed push was not answered or took more than 1 s, if more than 64 MiB
was used, or if anything was recorded that was not signed. With --minutes, a tenth of the rates for that time, and no flood of
connections: it exits 1 if the memory of the last third exceeds that of the second third by more than 2 MiB.
"""

import argparse
import asyncio
import hashlib
import logging
import multiprocessing
import queue
import resource
import sqlite3
import statistics
import sys
import time
from contextlib import closing

from http_flood import CLIENT_ADDRESSES, Target, flood_tasks, process

TOKEN = "pushToken0123456789"
RIGHT_A_SECOND, UNSIGNED_A_SECOND, CONNECTIONS = 500, 500, 20
BLASTS, DRIPS = 30, 20
MAX_S, RSS_KIB, GROWTH_KIB = 1.0, 64 * 1024, 2048
WARM_UP_S = 3


def query(is_right=True):
    timestamp = str(int(time.time()))
    signature = hashlib.sha1("".join(sorted([TOKEN, timestamp, "n"])).encode()).hexdigest()
    return f"signature={signature if is_right else signature[::-1]}&timestamp={timestamp}&nonce=n"


def push(number, is_right=True, sender="oRight"):
    """Returns the head and the body of a request."""
    body = (
        f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{sender}</FromUserName><CreateTime>{number}</CreateTime>"
        f"<MsgType>event</MsgType><Event>VIEW</Event><EventKey>x</EventKey></xml>"
    ).encode()
    head = f"POST /push?{query(is_right)} HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode(), body


async def read_response(reader):
    """Returns the status."""
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            await reader.readexactly(int(line.split(b":")[1]))
    return int(head.split()[1]), b"connection: close" in head.lower()


class Connection:
    """A connection that is opened again when it was closed."""

    def __init__(self, address, own=None):
        (self.host, self.port), self.own, self.streams = address, own, None

    async def request(self, head, body):
        """Returns the status, or 0."""
        is_new = self.streams is None
        try:
            if is_new:
                own = (self.own, 0) if self.own else None
                self.streams = await asyncio.open_connection(self.host, self.port, local_addr=own)
            reader, writer = self.streams
            writer.write(head + body)
            status, is_closed = await read_response(reader)
            if is_closed:
                self.close()
            return status
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            # An idle connection may be closed when it is used.
            return 0 if is_new else await self.request(head, body)

    def close(self):
        if self.streams:
            self.streams[1].close()
        self.streams = None


async def paced(address, rate, seconds, request, own=lambda n: None):
    """Makes `rate` requests a second over some connections. `request` is a coroutine that gets a connection."""
    ends = time.monotonic() + seconds

    async def client(n):
        connection, interval = Connection(address, own(n)), CONNECTIONS / rate
        due = time.monotonic() + interval * n / CONNECTIONS
        while due < ends:
            await asyncio.sleep(max(0, due - time.monotonic()))
            await request(connection)
            due += interval
        connection.close()

    await asyncio.gather(*(client(n) for n in range(CONNECTIONS)))


def wechat(address, rate, seconds, results):
    """The process that sends signed pushes, and measures."""
    times, statuses, sent = [], {}, 0

    async def request(connection):
        nonlocal sent
        sent += 1
        number = sent
        head, body = push(number)
        for _ in range(2 if number % 10 == 0 else 1):
            begun = time.monotonic()
            status = await connection.request(head, body)
            times.append(time.monotonic() - begun)
            statuses[status] = statuses.get(status, 0) + 1

    asyncio.run(paced(address, rate, seconds, request))
    results.put((sent, times, statuses))


def unsigned(address, rate, seconds, results):
    """The process that sends pushes without a valid signature, at a rate."""
    statuses = {}

    async def request(connection):
        status = await connection.request(*push(time.monotonic_ns(), is_right=False, sender="oWrong"))
        statuses[status] = statuses.get(status, 0) + 1

    asyncio.run(paced(address, rate, seconds, request, lambda n: CLIENT_ADDRESSES[n % len(CLIENT_ADDRESSES)]))
    results.put(statuses)


def blast(address, seconds, results):
    """The process that sends as many wrong signatures as it can."""
    ends, statuses = time.monotonic() + seconds, {}
    head, body = push(1, is_right=False, sender="oWrong")
    # Send several in one write, so that the sender is not the bottleneck.
    batch, size = (head + body) * 16, 16

    async def client(n):
        while time.monotonic() < ends:
            try:
                own = (CLIENT_ADDRESSES[n % len(CLIENT_ADDRESSES)], 0)
                reader, writer = await asyncio.open_connection(*address, local_addr=own)
                while time.monotonic() < ends:
                    writer.write(batch)
                    for _ in range(size):
                        status, _ = await read_response(reader)
                        statuses[status] = statuses.get(status, 0) + 1
                writer.close()
            except (OSError, asyncio.IncompleteReadError):
                statuses[0] = statuses.get(0, 0) + 1
                await asyncio.sleep(0.01)

    async def clients():
        await asyncio.gather(*(client(n) for n in range(BLASTS)))

    asyncio.run(clients())
    results.put(statuses)


def attack(address, seconds, results):
    """The process of the attacks on connections, and of bodies that drip."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)

    async def drip(own):
        while True:
            try:
                _, writer = await asyncio.open_connection(*address, local_addr=(own, 0))
                head, body = push(1, sender="oDrip")
                writer.write(head)
                # The body never ends: its last byte is missing.
                for byte in body[:-1]:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(0.1)
                await asyncio.sleep(60)
            except OSError:
                await asyncio.sleep(0.1)

    async def run():
        target = Target(f"http://{address[0]}:{address[1]}/push?{query()}&echostr=1")
        drips = (drip(CLIENT_ADDRESSES[n % len(CLIENT_ADDRESSES)]) for n in range(DRIPS))
        tasks = [asyncio.create_task(one) for one in (*flood_tasks(target), *drips)]
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())
    results.put(None)


def rss_kib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def rows(database):
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return dict(connection.execute("SELECT openid, count(*) FROM events GROUP BY openid"))


def main(address, pid, database, seconds, minutes):
    is_soak = minutes is not None
    seconds, share = (minutes * 60, 0.1) if is_soak else (seconds, 1)
    host, port = address.rsplit(":", 1)
    address, running = (host, int(port)), []

    def start(work, *args):
        results = multiprocessing.Queue()
        child = multiprocessing.Process(target=work, args=(address, *args, results))
        child.start()
        running.append(child)
        return results

    print(f"before: VmHWM {process(pid)[0]} KiB", flush=True)
    attacks = {}
    if not is_soak:
        attacks["attacks"] = start(attack, seconds + 2 * WARM_UP_S)
        attacks["wrong signatures at once"] = start(blast, seconds + WARM_UP_S)
    attacks[f"unsigned, {UNSIGNED_A_SECOND * share:.0f}/s"] = start(unsigned, UNSIGNED_A_SECOND * share, seconds + WARM_UP_S)
    time.sleep(WARM_UP_S)
    right = start(wechat, RIGHT_A_SECOND * share, seconds)
    begun, samples, threads = time.monotonic(), [], 0
    while True:
        samples.append(rss_kib(pid))
        threads = max(threads, process(pid)[1])
        try:
            sent, times, statuses = right.get(timeout=1)
            break
        except queue.Empty:
            pass
    took = time.monotonic() - begun
    for name, results in attacks.items():
        found = results.get()
        total = sum(found.values()) if found else 0
        print(f"{name}: {'done' if found is None else f'{total / (took + WARM_UP_S):.0f}/s, by status {dict(sorted(found.items()))}'}")
    for child in running:
        child.join()
    times.sort()
    middle, slowest = statistics.median(times), times[-1]
    print(f"signed: {sent} pushes, {len(times)} requests in {took:.1f} s, by status {dict(sorted(statuses.items()))}")
    print(f"signed: half within {middle * 1000:.0f} ms, 99 % within {times[len(times) * 99 // 100] * 1000:.0f} ms, the slowest in {slowest * 1000:.0f} ms")
    found, peak = rows(database), process(pid)[0]
    print(f"rows of events: {found}; VmHWM {peak} KiB, {threads} threads at most")
    held = set(statuses) == {200} and slowest <= MAX_S and peak <= RSS_KIB and found == {"oRight": sent}
    if is_soak:
        third = max(1, len(samples) // 3)
        second, last = statistics.median(samples[third : 2 * third]), statistics.median(samples[-third:])
        print(f"soak: VmRSS {samples[0]} KiB at first, {second:.0f} in the second third, {last:.0f} in the last")
        held = held and last - second <= GROWTH_KIB
    print("held" if held else "NOT held")
    return 0 if held else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("address")
    parser.add_argument("pid", type=int)
    parser.add_argument("database")
    parser.add_argument("seconds", type=float, nargs="?", default=30)
    parser.add_argument("--minutes", type=float)
    args = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 8192)), hard))
    sys.exit(main(args.address, args.pid, args.database, args.seconds, args.minutes))
