"""A model of the WeChat platform on two loopback hosts. It is written from WeChat's documentation alone, so that a
mistake of `wxbox sandbox` cannot hide one of wxbox. The model logs every request, and the invariants compare the output
of wxbox with this log.

To add a fault: one entry in `FAULTS`, and a weight for it in a fault profile of history.py.
"""

import email.utils
import json
import random
import re
import socket
import struct
import threading
import time
import urllib.parse
from dataclasses import dataclass, field

TEMPLATES = {
    "backup_finished-0123456789abcdefghijklmnopq": ("Backup", "Host: {{host.DATA}}\nSize: {{size.DATA}}"),
    "short_notice_ab-0123456789abcdefghijklmnopq": ("Notice", "{{thing1.DATA}}"),
}
SENDS = ("/cgi-bin/message/template/send", "/cgi-bin/message/custom/send")
TOKEN_LIFE = 7200
DEDUPE = 600  # seconds within which a repeated client_msg_id is dropped
WINDOW = 48 * 3600  # seconds after a person's last message within which texts may be sent
HANG = 1.3  # seconds, longer than the time-out in the environment's config

# The fault of one request: whether WeChat processes it (before, after or never, relative to the answer),
# and what the client gets: an errcode, an HTTP status, or one of the broken answers of `Platform.answer`.
FAULTS = {
    "reset-before": ("never", "reset"),
    "reset-after": ("before", "reset"),
    "close-after": ("before", "close"),
    "502-before": ("never", 502),
    "502-after": ("before", 502),
    "cut": ("before", "cut"),
    "garbage": ("before", "garbage"),
    "garbage-before": ("never", "garbage"),
    "hang-before": ("never", "hang"),
    "hang-after": ("before", "hang"),
    "late": ("after", "hang"),
    "slow": ("before", "slow"),
    **{str(code): ("never", code) for code in (-1, 40001, 42001, 40003, 40037, 40164, 43004, 45009, 45015, 45047, 47003, 48001)},
}
ERRMSG = {40164: "invalid ip 192.0.2.1 ipv6 ::ffff:192.0.2.1, not in whitelist", 43004: "require subscribe", -1: "system error"}


@dataclass
class Request:
    """One request to a send API, as the platform saw it."""

    at: float  # monotonic, when it was there
    host: int
    api: str
    openid: str
    marker: str  # which command or batch line it belongs to
    part: int  # the first line of a part of a long text, else 0
    msg_id: str
    msgid: int = 0  # its msgid in WeChat's receipt
    fault: str = ""
    answer: object = None  # the errcode that was answered in full, or what the client got instead
    taken: bool = False  # accepted, even if dropped as a repeat
    delivered: bool = False  # shown on the phone
    over: float = 1e18  # monotonic, when it was answered, or not

    @property
    def clear(self):
        """Returns whether the client got a complete response with the outcome of the message."""
        return isinstance(self.answer, int) and self.answer not in (502,)

    def __str__(self):
        what = "delivered" if self.delivered else "dropped" if self.taken else "not taken"
        part = f"/{self.part}" if self.part else ""
        api, fault = self.api.split("/")[3], self.fault or "well"
        return f"host {self.host} {api} {self.marker}{part} to {self.openid[:9]}: {fault}: {what}, answered {self.answer}"


@dataclass
class Account:
    """WeChat's data about the Official Account."""

    stable: str = ""
    ends: dict = field(default_factory=dict)  # token -> when it expires, by the platform's clock
    forced_at: float = -1e9
    count: int = 0
    seen: dict = field(default_factory=dict)  # (openid, client_msg_id) -> when it was accepted
    window: dict = field(default_factory=dict)  # openid -> (when the person last wrote, messages since then)
    quiet: set = field(default_factory=set)  # openids that do not follow the account
    spent: dict = field(default_factory=dict)  # api -> the day in Beijing on which its quota is exhausted


class Platform:
    def __init__(self, seed, clock, note):
        self.seed, self.clock, self.note = seed, clock, note
        self.lock = threading.Lock()
        self.answered = threading.Condition(self.lock)
        self.log, self.unknown = [], []
        self.other = 0  # requests that send nothing
        self.account = Account()
        self.fault_profile = {}  # as `history.fault_profile` makes it
        self.down = set()  # hosts that refuse connections
        self.listeners = {}
        self.ports = []
        self.open = True
        self.last = time.monotonic()
        for host in (1, 2):
            port = self.listen(host, 0)
            self.ports.append(port)

    # The hosts

    def listen(self, host, port):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((f"127.0.0.{host}", port))
        listener.listen(128)
        self.listeners[host] = listener
        threading.Thread(target=self.accept, args=(host, listener), daemon=True).start()
        return listener.getsockname()[1]

    def bases(self):
        return [f"http://127.0.0.{host}:{port}" for host, port in zip((1, 2), self.ports)]

    def accept(self, host, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(host, connection), daemon=True).start()

    def refuse(self, host, whether):
        """Makes a host refuse connections, or accept them again."""
        if whether and host not in self.down:
            self.down.add(host)
            listener = self.listeners.pop(host)
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        elif not whether and host in self.down:
            self.down.discard(host)
            self.listen(host, self.ports[host - 1])

    def close(self):
        self.open = False
        for listener in self.listeners.values():
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def serve(self, host, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        read = connection.makefile("rb")
        try:
            while self.open:
                line = read.readline().split()
                if len(line) < 2:
                    break
                length = 0
                while head := read.readline().strip():
                    name, _, value = head.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                body = read.read(length)
                if len(body) < length:
                    break  # the client disconnected in the middle of its request: nothing arrived
                if not self.handle(host, connection, line[0].decode(), line[1].decode(), body):
                    break
        except OSError:
            pass
        finally:
            read.close()
            connection.close()

    # Requests

    def handle(self, host, connection, method, target, body):
        """Answers one request. Returns whether the connection can be used again."""
        self.last = time.monotonic()
        path, _, query = target.partition("?")
        query = dict(urllib.parse.parse_qsl(query))
        if path not in SENDS:
            with self.lock:
                self.other += 1
                fault = self.fault(self.fault_profile.get("token"), self.other) if "token" in path else ""
            return self.respond(connection, path, fault, lambda: self.handle_api(path, query, body), None)
        it = self.read(host, path, json.loads(body))
        with self.lock:
            n = sum(1 for other in self.log if (other.marker, other.openid, other.part) == (it.marker, it.openid, it.part))
            faults = host == 2 and self.fault_profile.get("second") or self.fault_profile.get("later" if n else "first")
            it.fault = "reset-before" if host in self.down else self.fault(faults, f"{it.marker}/{it.openid}/{it.part}/{n}")
            self.log.append(it)
        whole = self.respond(connection, path, it.fault, lambda: self.send(it, query.get("access_token", ""), body), it)
        self.note("request", str(it), it.at)
        return whole

    def finish(self):
        """Awaits the requests that are not processed yet. Their clients may have disconnected; time must not advance before they end."""
        with self.answered:
            self.answered.wait_for(lambda: all(it.over < 1e18 for it in self.log), 2 * HANG)

    def set_fault_profile(self, fault_profile):
        self.fault_profile = fault_profile

    def fault(self, faults, what):
        """The fault of a request depends on the seed and on the request alone, not on other requests."""
        luck = random.Random(f"{self.seed}/{what}").random()
        for name, probability in faults or []:
            luck -= probability
            if luck < 0:
                return name
        return ""

    def respond(self, connection, path, fault, process, request):
        when, answer = FAULTS.get(fault, ("before", None))
        value = None
        if when == "before":
            value = process()
        if fault and fault.lstrip("-").isdigit():
            value = {"errcode": answer, "errmsg": ERRMSG.get(answer, "error")}
        if answer in ("hang", "slow"):
            time.sleep(HANG if answer == "hang" else 0.25)
        if when == "after":
            process()
        if request is not None:
            if answer in (None, "slow") or isinstance(value, dict) and answer == value.get("errcode"):
                request.answer = value.get("errcode", 0)
                if time.monotonic() - request.at > 0.5:
                    request.answer = "slow"  # the client may not have waited for it
            else:
                request.answer = answer
            with self.answered:
                request.over = time.monotonic()
                self.answered.notify_all()
        if answer in ("reset", "hang"):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if answer == "close":
            return False
        status, text = 200, json.dumps(value, ensure_ascii=False)
        if answer == 502:
            status, text = 502, "<html><body>Bad Gateway</body></html>"
        if answer == "garbage":
            text = "<html>please log in</html>"
        text = text.encode()
        date = email.utils.formatdate(self.clock(), usegmt=True)
        kind = "Content-Type: application/json; encoding=utf-8"
        head = "\r\n".join([f"HTTP/1.1 {status} X", kind, f"Date: {date}", f"Content-Length: {len(text)}", "", ""])
        if answer == "cut":
            connection.sendall(head.encode() + text[: len(text) // 2])
            return False
        connection.sendall(head.encode() + text)
        return True

    @staticmethod
    def read(host, path, message):
        """Identifies the message: its text, or the first field of its template, begins with the marker."""
        if path == SENDS[0]:
            text = next(iter(message["data"].values()))["value"]
        else:
            text = message["text"]["content"]
        line = re.search(r"(m\d+) line (\d+)", text)
        marker = line.group(1) if line else re.match(r"\w+", text).group(0)
        part = int(line.group(2)) if line else 0
        openid, msg_id = message["touser"], message.get("client_msg_id", "")
        return Request(time.monotonic(), host, path, openid, marker, part, msg_id)

    def send(self, it, token, body):
        with self.lock:
            now = self.clock()
            refusal = self.refusal(it, token, now, json.loads(body))
            if refusal:
                return {"errcode": refusal, "errmsg": ERRMSG.get(refusal, "error")}
            it.taken = it.delivered = True
            if it.msg_id:
                first = self.account.seen.get((it.openid, it.msg_id))
                it.delivered = first is None or now - first >= DEDUPE
                if it.delivered:
                    self.account.seen[it.openid, it.msg_id] = now
            answer = {"errcode": 0, "errmsg": "ok"}
            if it.api == SENDS[0]:
                self.account.count += 1
                answer["msgid"] = it.msgid = 3428411849815982087 + self.account.count
            return answer

    def refusal(self, it, token, now, message):
        bad = self.bad_token(token, now)
        if bad:
            return bad
        if self.account.spent.get(it.api) == self.day():
            return 45009
        if it.api == SENDS[0]:
            if message["template_id"] not in TEMPLATES:
                return 40037
            return 43004 if it.openid in self.account.quiet else 0
        wrote, count = self.account.window.get(it.openid, (now, 0))
        if it.openid in self.account.quiet or now - wrote > WINDOW:
            return 45015
        if count >= 5:
            return 45047
        self.account.window[it.openid] = (wrote, count + 1)
        return 0

    def day(self):
        """Returns the day in Beijing; the counters are reset at its midnight."""
        return int(self.clock() + 8 * 3600) // 86400

    def bad_token(self, token, now):
        if not token:
            return 41001
        if token not in self.account.ends:
            return 40001
        return 0 if now < self.account.ends[token] else 42001

    def issue_token(self, now):
        self.account.count += 1
        token = f"88_{self.account.count:04d}" + "x" * 60
        self.account.ends[token] = now + TOKEN_LIFE
        return token

    def handle_api(self, path, query, body):
        with self.lock:
            now = self.clock()
            if path == "/cgi-bin/stable_token":
                force, ends = json.loads(body).get("force_refresh"), self.account.ends
                if force and now - self.account.forced_at >= 30:
                    self.account.forced_at = now
                    ends.pop(self.account.stable, None)
                if ends.get(self.account.stable, 0) - now < 300:
                    self.account.stable = self.issue_token(now)
                return {"access_token": self.account.stable, "expires_in": int(ends[self.account.stable] - now)}
            if path == "/cgi-bin/token":
                for token, end in self.account.ends.items():
                    if token != self.account.stable:
                        self.account.ends[token] = min(end, now + 300)
                return {"access_token": self.issue_token(now), "expires_in": TOKEN_LIFE}
            if path == "/cgi-bin/clear_quota/v2":
                self.account.spent.clear()
                return {"errcode": 0, "errmsg": "ok"}
            bad = self.bad_token(query.get("access_token", ""), now)
            if bad:
                return {"errcode": bad, "errmsg": ERRMSG.get(bad, "error")}
            if path == "/cgi-bin/clear_quota":
                self.account.spent.clear()
                return {"errcode": 0, "errmsg": "ok"}
            if path == "/cgi-bin/template/get_all_private_template":
                rows = [
                    {
                        "template_id": it,
                        "title": title,
                        "content": content,
                        "example": "",
                        "primary_industry": "",
                        "deputy_industry": "",
                    }
                    for it, (title, content) in TEMPLATES.items()
                ]
                return {"template_list": rows}
            self.unknown.append(path)
            return {"errcode": 48001, "errmsg": f"the model has no {path}"}

    # Changes at WeChat without a request of wxbox

    def revoke(self):
        """Another program forces a new token, which immediately invalidates the one of wxbox."""
        with self.lock:
            self.account.ends.clear()
            self.account.stable = ""

    def use_quota(self, api):
        with self.lock:
            self.account.spent[api] = self.day()

    def write(self, openid):
        """The person writes to the account, which may then send five texts."""
        with self.lock:
            self.account.window[openid] = (self.clock(), 0)

    def follow(self, openid, whether):
        with self.lock:
            (self.account.quiet.discard if whether else self.account.quiet.add)(openid)
