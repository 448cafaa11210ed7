"""Random histories: the actions of a round, and their order.

To add a command: a line in `PLAIN`, or a method `do_NAME` of `History`, and its weight in a profile. To add an
event around the commands (a fault, a clock): a method `on_NAME`, and its weight in a profile. Capitals name a signal.
"""

import hashlib
import json
import random
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field

from environment import PUSH_TOKEN, Environment
from wechat import FAULTS, SENDS

MINUTE, HOUR, DAY = 60, 3600, 86400


def weights(text):
    """Parses `name weight, name weight` to a list."""
    return [(name, float(weight)) for name, weight in (it.split() for it in text.split(",") if it)]


def fault_profile(first="", later=None, second=None, token=""):
    """Faults (of `wechat.FAULTS`) with their probabilities: for the first request of a message, for later ones (default: as the
    first), for all at the second host (default: as at the first), for requests for a token."""
    texts = {"first": first, "later": first if later is None else later, "second": second or "", "token": token}
    return {when: weights(text) for when, text in texts.items()}


AMBIGUOUS = "reset-after .2, reset-before .1, 502-after .2, 502-before .1, cut .1, garbage .05, close-after .1"
REFUSED = "-1 .3, 43004 .1, 47003 .1, 40037 .05, 40003 .05, 45009 .1, 48001 .05, 40001 .05"
ALL = ", ".join(f"{name} .03" for name in FAULTS if name not in ("slow", "40164", "48001", "45015"))
CALM = fault_profile()
SLOW = fault_profile("slow .9")
MIXED = fault_profile(f"{ALL}, 40164 .01, 48001 .01", token="502-before .1, -1 .1, reset-after .1")
THEN_REFUSED = fault_profile(AMBIGUOUS, REFUSED)
BUSY = fault_profile("-1 .6")
HANGS = fault_profile("hang-after .15, late .1, hang-before .05")
HOSTS = fault_profile("502-after .5, 502-before .2, reset-after .2", second=REFUSED)
LOST = fault_profile("reset-after .5, 502-after .1, cut .1", "")
NEVER = fault_profile("reset-before .4, 502-before .2", "")
SPENT = fault_profile(AMBIGUOUS, "45009 .8")
DEAD = fault_profile("40001 .3", "40001 .5", token="502-before .5, 40164 .2")
NO_TOKEN = fault_profile(token="502-before .6, reset-before .2")
LATE_TOKEN = fault_profile(token="hang-before .5, slow .4")
NAMES = {id(it): name for name, it in globals().items() if isinstance(it, dict) and "token" in it}

SENDING = "template 5, text 3, fallback 1, batch 2, report 1, flush 5"
PEOPLE = "bind 2, unbind 1.5, remove .7, add .7, rename .7"
# Commands without a variable part.
PLAIN = {
    "flush": ["--json outbox flush"],
    "cancel_all": ["--json outbox cancel --all"],
    "look": ["outbox status", "--json outbox list", "user list"],
    "clear": ["quota clear --yes"],
    "call_token": ["token", "token --refresh"],
}
# Commands that change bindings.
CHANGES = {
    "bind": "bind -u NAME --openid OPENID --rebind --as-admin",
    "unbind": "unbind -u NAME",
    "remove": "user remove NAME --yes",
}


@dataclass
class Profile:
    """The profile of a kind of round."""

    does: str  # the actions with their weights: see `History.act`
    fault_profiles: list
    steps: tuple = (6, 14)
    serial: float = 0.5  # how often a command is waited for before the next
    config: dict = field(default_factory=dict)
    keyed: float = 0.3  # how often a message has a key
    to_all: float = 0.25  # how often it goes to everybody
    no_wait: float = 0.15
    spans: tuple = (70, 6 * MINUTE, 20 * MINUTE, 70 * MINUTE, 26 * HOUR)  # of time that passes
    expires: float = 0.1  # how often it has an --expire-after
    unprivileged: bool = False
    limits: tuple = ()  # choices of the limits for each process, as words for prlimit
    disk: tuple = ()  # KiB
    people: int = 4
    serves: bool = False  # whether `serve` runs, and WeChat pushes to it


PROFILES = {
    "mixed": Profile(
        f"{SENDING}, {PEOPLE}, retry 2, cancel 1, cancel_all .5, look 1, prune .3, split .5, KILL 1.5, TERM .7, INT .7, HUP .2,"
        "stop 2, fault_profile 2, revoke .5, locked 1, down .7, writes .5, follows .5, pause .3, passes .5",
        [CALM, MIXED, MIXED, SLOW, HANGS, LOST], steps=(10, 20),
    ),
    "hosts": Profile(
        "template 6, text 2, flush 4, retry 1, passes 3, down 1, fault_profile 1",
        [HOSTS, HOSTS, THEN_REFUSED, BUSY, LOST], serial=0.9, spans=(70, 6 * MINUTE, 20 * MINUTE, 26 * HOUR),
    ),
    "keys": Profile(
        f"{SENDING}, retry 1, cancel 3, cancel_all 1, passes 1.5, fault_profile 2, KILL 1, stop 1, expired .3",
        [THEN_REFUSED, THEN_REFUSED, LOST, MIXED, BUSY], serial=0.7, keyed=0.9, steps=(10, 20), people=3,
    ),
    "rebind": Profile(
        f"{SENDING}, retry 3, bind 5, unbind 2, remove 1, add 1, fault_profile 2, passes 2, KILL .5",
        [THEN_REFUSED, BUSY, LOST, NEVER], serial=0.7, people=3, steps=(10, 20), no_wait=0.3,
    ),
    "held": Profile(
        "template 4, text 2, batch 5, flush 6, bind 4, unbind 3, remove 2, rename 1, cancel 2, cancel_all .5, stop 1",
        [SLOW], serial=0.1, config={"concurrency": 1}, people=3, no_wait=0.5,
    ),
    "killed": Profile(
        "template 5, text 4, batch 1, report 1, flush 6, retry 2, KILL 5, stop 3, TERM 2, INT 1, HUP 1",
        [SLOW, SLOW, SLOW, HANGS], serial=0.1, config={"concurrency": 1}, people=5, to_all=0.7,
    ),
    "token": Profile(
        "template 5, text 3, flush 6, revoke 3, fault_profile 2, hold .7, passes 1, call_token 2",
        [DEAD, DEAD, NO_TOKEN, LATE_TOKEN, CALM], serial=0.7,
    ),
    "quota": Profile(
        "template 5, batch 2, text 2, flush 6, spend 1, clear 1.5, retry 1, fault_profile 1, passes 4",
        [SPENT, SPENT, MIXED, LOST], serial=0.9, config={"concurrency": 1}, no_wait=0.4, steps=(8, 16),
        spans=(70, 70, 6 * MINUTE, 70 * MINUTE, 26 * HOUR),
    ),
    "served": Profile(
        "template 6, text 2, batch 3, report 1, flush .5, retry .5, receipt 8, follow_event 3, event_again 4, serve 2,"
        "KILL 1.5, locked .7, fault_profile 1, revoke .3",
        [CALM, SLOW, MIXED, LOST, HANGS], serial=0.02, config={"concurrency": 4}, no_wait=0.5, steps=(25, 50), people=5,
        serves=True, expires=0,
    ),
    "split": Profile(
        "split 8, text 2, flush 4, prune 2, cancel 2, retry .3, fault_profile 1, writes 2, passes .5, KILL .5",
        [NEVER, MIXED, THEN_REFUSED, CALM], serial=0.8, keyed=0.5, people=2,
    ),
    "clock": Profile(
        f"{SENDING}, retry 1, pause 2, passes 2, wrong 4, fault_profile 1, writes 1",
        [LOST, THEN_REFUSED, BUSY, CALM, MIXED], serial=0.8, keyed=0.6,
    ),
    "limits": Profile(
        f"{SENDING}, retry .5, look 1",
        [CALM, SLOW], unprivileged=True, config={"concurrency": 16}, people=8,
        limits=("nproc=4", "nproc=6", "nproc=8", "nproc=12", "nproc=18", "nofile=12", "nofile=16", "nofile=24", None),
    ),
    "disk": Profile(
        "template 2, batch 6, flush 3, look 1, remove .5, cancel_all .3",
        [CALM, SLOW], disk=(300, 360, 420, 500, 600, 700),
    ),
    "pipe": Profile("crowd 3, TERM 3, INT 2, flush 1", [CALM], steps=(3, 5), serial=0),
}


@dataclass
class Event:
    """An event that WeChat pushes."""

    name: str
    openid: str
    created: int
    fields: str = ""
    msgid: str = None
    status: str = None
    answers: list = field(default_factory=list)  # the statuses of the attempts

    @property
    def taken(self):
        return 200 in self.answers

    def xml(self):
        return (
            f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{self.openid}</FromUserName><CreateTime>{self.created}</CreateTime>"
            f"<MsgType>event</MsgType><Event>{self.name}</Event>{self.fields}</xml>"
        )


class Person:
    def __init__(self, number):
        self.number, self.name, self.phones, self.busy = number, f"p{number}", 0, None
        self.removed_by, self.was = None, []  # [(start, run or None, openid or None)]: the changes of the binding
        self.was.append((0, None, self.phone()))

    def phone(self):
        """Returns a phone that no other person ever has."""
        self.phones += 1
        return f"oP{self.number:03d}n{self.phones:03d}" + "x" * 19

    def may_have(self, at):
        """The openids to which this person may be bound at that time, as far as the commands tell; None for none."""
        found = {None}
        for started, run, openid in self.was:
            if started > at:
                break
            sure = run is None or run.status == 0 and run.ended <= at
            found = {openid} if sure else found | {openid}
        return found


@dataclass
class Message:
    """The messages of one command, or of one line of a batch."""

    marker: str
    run: object = None
    people: list = None  # None: everybody
    openids: list = field(default_factory=list)
    key: str = None
    expires: bool = False
    kind: str = ""


class History:
    def __init__(self, base, wxbox, shim, name, seed):
        self.name, self.seed, self.profile = name, seed, PROFILES[name]
        self.random = random.Random(seed)
        choice = self.random.choice
        send = {"wait": choice(["0s", "0s", "0s", "2s"])}
        if self.random.random() < 0.1:
            send["max_attempts"] = choice([1, 2, 3])
        config = {**self.profile.config, "send": send, "token_endpoint": choice(["stable", "stable", "classic"])}
        if "concurrency" not in config:
            config["concurrency"] = choice([1, 2, 4, 16])
        self.environment = Environment(base, wxbox, shim, seed, config, self.profile.unprivileged, choice(self.profile.disk or (None,)))
        self.platform, self.clock = self.environment.platform, self.environment.clock
        self.messages, self.people, self.threads, self.retries, self.prunes = {}, [], [], [], []
        self.held = self.odd_clock = self.server = None
        self.events = []

    # The round

    def run(self):
        self.people = [Person(number) for number in range(1, self.profile.people + 1)]
        rows = "".join(f"{it.name},{it.was[0][2]}\n" for it in self.people)
        made = self.environment.call("user", "import", "-", stdin=f"username,openid\n{rows}")
        if made.status != 0:
            self.environment.note("skip", "the people cannot be made")
            return False
        self.set_fault_profile(self.random.choice(self.profile.fault_profiles))
        if self.profile.serves:
            self.start_server()
        names, chances = zip(*weights(self.profile.does))
        for _ in range(self.random.randint(*self.profile.steps)):
            name = self.random.choices(names, chances)[0]
            alive = [it for it in self.environment.alive() if it is not self.server]
            if len(alive) > 6:
                self.environment.finish(alive[0]) if not alive[0].stopped else time.sleep(0.3)
            run = self.run_action(name)
            if run is not None and self.random.random() < self.profile.serial:
                run.done.wait(3)
            elif run is not None:
                time.sleep(self.random.random() ** 2 * 0.15)
        self.stop_faults_and_wait()
        return True

    def run_action(self, name):
        """Runs the action that a profile names. Returns the process if it is a command."""
        if name in PLAIN:
            return self.start(*self.random.choice(PLAIN[name]).split())
        if name in CHANGES:
            return self.change(name)
        if name.isupper():
            return self.inject(name)
        return getattr(self, f"do_{name}")() if hasattr(self, f"do_{name}") else getattr(self, f"on_{name}")()

    def stop_faults_and_wait(self):
        """Stops all faults and signals, and waits until all processes have ended."""
        for run in self.environment.alive():
            if run is not self.held and run.stopped:
                run.signal("CONT")
        for thread in self.threads:
            thread.join()
        for run in self.environment.alive():
            if run not in (self.held, self.server):
                self.environment.finish(run)
        if self.server:
            self.server.signal("TERM")
            self.environment.finish(self.server)
        if self.held:
            self.held.signal("CONT")
            self.environment.finish(self.held)
        self.set_fault_profile(CALM)
        for host in (1, 2):
            self.platform.refuse(host, False)
        self.environment.enlarge()
        for person in self.people:
            for _, _, openid in person.was:
                if openid:
                    self.platform.follow(openid, True)

    def drain(self, queued):
        """Finishes all messages by a few flushes while time advances. `queued` returns the unfinished ones. Returns the
        messages that are unfinished after 90 minutes and after two days."""
        left = []
        for step in (0, 70, 6 * MINUTE, 16 * MINUTE, 61 * MINUTE, None, 26 * HOUR, 26 * HOUR):
            if step is None:
                left.append(queued())
                continue
            if not queued():
                break
            for person in self.people:
                for _, _, openid in person.was:
                    self.platform.write(openid)
            self.platform.finish()
            self.clock.advance_both_clocks(step)
            self.environment.note("passes", f"{step} s")
            self.environment.call("--json", "outbox", "flush")
        left.append(queued())
        return left

    # Helpers of commands

    def pick(self):
        """Returns a user whose name no command is changing."""
        there = [it for it in self.people if not (it.busy and not it.busy.done.is_set()) and not it.removed_by]
        return self.random.choice(there) if there else None

    def start(self, *words, **more):
        if self.profile.limits:
            limit = self.random.choice(self.profile.limits)
            more.setdefault("limits", (f"--{limit}",) if limit else ())
        return self.environment.start(*words, clock=self.odd_clock, **more)

    def message(self, kind):
        it = Message(f"m{len(self.messages) + 1}", kind=kind)
        self.messages[it.marker] = it
        if self.random.random() < self.profile.keyed:
            it.key = self.random.choice(["k1", "k2"])
        return it

    def send(self, kind, content, stdin=None, expires=None):
        """Starts `wxbox send` with this content to random users."""
        it = self.message(kind)
        words, luck = ["--json", "send"], self.random.random()
        if luck < self.profile.to_all:
            words.append("--all")
        elif luck < self.profile.to_all + 0.1:
            person = self.pick()
            if person is None:
                return None
            it.people, it.openids = [], [person.was[-1][2] or person.was[0][2]]
            words += ["--openid", it.openids[0]]
        else:
            it.people = [person for person in {self.pick() for _ in range(self.random.choice([1, 1, 2]))} if person]
            if not it.people:
                return None
            words += [word for person in it.people for word in ("-u", person.name)]
        words += [word.replace("MARKER", it.marker) for word in content]
        if it.key:
            words += ["--key", it.key]
        if expires or self.random.random() < self.profile.expires:
            it.expires = True
            words += ["--expire-after", expires or "1h"]
        if self.random.random() < self.profile.no_wait:
            words.append("--no-wait")
        it.run = self.start(*words, stdin=stdin and stdin.replace("MARKER", it.marker))
        return it.run

    # Commands

    def do_template(self, **more):
        return self.send("template", ["-t", "backup", "-d", "host=MARKER", "-d", "size=1"], **more)

    def do_text(self):
        return self.send("text", ["MARKER hello"])

    def do_fallback(self):
        return self.send("text", ["MARKER hello", "--fallback", "notice"])

    def do_split(self):
        lines = "".join(
            f"MARKER line {n:04d} of a text that is too long for one message\n"
            for n in range(self.random.choice([3, 3, 90, 130]))
        )
        return self.send("split", ["--split", "-"], stdin=lines)

    def do_expired(self):
        """Sends a message that expires soon, and advances the time beyond that."""
        run = self.do_template(expires="1h")
        if run:
            run.done.wait(3)
            self.on_passes(26 * HOUR)
        return run

    def do_batch(self, count=None, **more):
        lines = []
        for _ in range(count or self.random.randint(2, 8)):
            person = self.pick()
            if person is None:
                return None
            it = self.message(self.random.choice(["template", "text"]))
            it.people = [person]
            line = (
                {"user": person.name, "template": "backup", "data": {"host": it.marker, "size": 1}}
                if it.kind == "template"
                else {"user": person.name, "text": f"{it.marker} hello"}
            )
            lines.append((it, json.dumps({**line, **({"key": it.key} if it.key else {})})))
        run = self.start("--json", "send", "--batch", "-", stdin="".join(f"{line}\n" for _, line in lines), **more)
        for it, _ in lines:
            it.run = run
        return run

    def do_crowd(self):
        """Sends a long batch whose output is not read: a signal must end it."""
        run = self.do_batch(count=250, reads=False)
        timer = threading.Timer(self.random.choice([0.3, 1.0, 2.0]), run.signal, [self.random.choice(["TERM", "INT"])])
        timer.start()
        self.threads.append(timer)
        return run

    def do_report(self):
        """Starts `wxbox run`, whose exit status is that of its command."""
        person = self.pick()
        if person is None:
            return None
        it = self.message("text")
        it.people, it.key = [person], None
        what = (
            ["-t", "backup", "-d", f"host={it.marker}", "-d", "size={result}"]
            if self.random.random() < 0.5
            else ["--text", f"{it.marker} {{result}}"]
        )
        it.run = self.start("run", "-u", person.name, *what, "--", "sh", "-c", "exit 33")
        return it.run

    def do_retry(self):
        if not self.messages:
            return None
        # Ids are consecutive, so one of these belongs to some message.
        ids = sorted({str(self.random.randint(1, 2 * len(self.messages))) for _ in range(self.random.randint(1, 3))})
        words = self.random.choice([ids, ids, ["--failed"], ["--unknown"]])
        run = self.start("--json", "outbox", "retry", *words)
        self.retries.append((run, words))
        return run

    def do_cancel(self):
        return self.start("--json", "outbox", "cancel", str(self.random.randint(1, 2 * len(self.messages) + 1)))

    def do_prune(self):
        time.sleep(0.002)
        run = self.start("--json", "outbox", "prune", "--older-than", "1ms")
        self.prunes.append(run)
        return run

    def change(self, name):
        person = self.pick()
        if person is None:
            return None
        openid = person.phone() if name == "bind" else None
        run = person.busy = self.start(*CHANGES[name].replace("NAME", person.name).replace("OPENID", openid or "").split())
        person.was.append((run.started, run, openid))
        if name == "remove":
            person.removed_by = run
        return run

    def do_rename(self):
        person = self.pick()
        if person is None:
            return None
        run = person.busy = self.start("user", "edit", person.name, "--rename", f"{person.name}x")
        run.done.wait(20)
        if run.status == 0:
            person.name += "x"
        return run

    def do_add(self):
        person = Person(len(self.people) + 1)
        run = self.start("user", "add", person.name, "--openid", person.was[0][2])
        run.done.wait(20)
        if run.status == 0:
            self.people.append(person)
        return run

    # Events around the commands

    def random_process(self):
        there = [run for run in self.environment.alive() if run not in (self.held, self.server) and not run.stopped]
        return self.random.choice(there) if there else None

    def inject(self, name):
        run = self.random_process() or self.run_action(self.random.choice(["flush", "template", "text", "retry"]))
        time.sleep(self.random.choice([0.002, 0.02, 0.05, 0.2]) * self.random.random())
        if run:
            run.signal(name)

    def on_stop(self):
        run = self.random_process() or self.run_action("flush")
        time.sleep(self.random.random() * 0.02)
        if run and not run.done.is_set():
            run.signal("STOP")
            timer = threading.Timer(self.random.choice([0.05, 0.3, 0.8, 1.5]), run.signal, ["CONT"])
            timer.start()
            self.threads.append(timer)

    def on_hold(self):
        """Stops a process, perhaps while it fetches a token, until all others have ended."""
        if self.held is None and self.random.random() < 0.7:
            self.set_fault_profile(LATE_TOKEN)
            self.platform.revoke()
            self.run_action("call_token")
        time.sleep(0.05)
        run = self.random_process()
        if run and self.held is None:
            self.held = run
            run.signal("STOP")

    # The server, and WeChat's pushes to it

    def start_server(self):
        self.server = self.environment.start("--json", "serve")
        while not self.server.done.is_set() and not self.server.lines():
            time.sleep(0.005)

    def on_serve(self):
        """Ends the server and starts another one."""
        self.server.signal(self.random.choice(["KILL", "KILL", "KILL", "TERM"]))
        self.environment.finish(self.server)
        self.start_server()

    def push(self, event):
        """Pushes an event as WeChat does: up to three times, in a shorter time."""

        def attempts():
            for _ in range(3):
                timestamp = str(int(self.clock()))
                signature = hashlib.sha1("".join(sorted([PUSH_TOKEN, timestamp, "n"])).encode()).hexdigest()
                url = f"http://{self.environment.serve_address}/push?signature={signature}&timestamp={timestamp}&nonce=n"
                request = urllib.request.Request(url, event.xml().encode(), {"Content-Type": "text/xml"})
                try:
                    with urllib.request.urlopen(request, timeout=5) as response:
                        answer = response.status
                except urllib.error.HTTPError as error:
                    answer = error.code
                except OSError:
                    answer = 0
                event.answers.append(answer)
                self.environment.note("push", f"{event.name} {event.msgid or event.openid[:9]} {event.created}: {answer}")
                if answer == 200:
                    return
                time.sleep(0.2)

        thread = threading.Thread(target=attempts, daemon=True)
        thread.start()
        self.threads.append(thread)

    def new_event(self, name, openid, **more):
        # No two events in one second, because their order would be undefined.
        created = max(int(self.clock()), max((it.created for it in self.events), default=0) + 1)
        self.events.append(Event(name, openid, created, **more))
        self.push(self.events[-1])

    def on_receipt(self):
        """Pushes receipts, perhaps before the response to the send."""
        told = {it.msgid for it in self.events}
        for request in [it for it in self.platform.log if it.msgid and str(it.msgid) not in told][:8]:
            status = self.random.choice(["success", "success", "failed:user block", "failed: system failed"])
            fields = f"<MsgID>{request.msgid}</MsgID><Status>{status}</Status>"
            self.new_event("TEMPLATESENDJOBFINISH", request.openid, fields=fields, msgid=str(request.msgid), status=status)

    def on_follow_event(self):
        person = self.random.choice(self.people)
        self.new_event(self.random.choice(["subscribe", "unsubscribe"]), person.was[-1][2] or person.was[0][2])

    def on_event_again(self):
        if self.events:
            self.push(self.random.choice(self.events[-10:]))

    def set_fault_profile(self, it):
        self.platform.set_fault_profile(it)
        self.environment.note("fault_profile", NAMES[id(it)])

    def on_fault_profile(self):
        self.set_fault_profile(self.random.choice(self.profile.fault_profiles))

    def on_revoke(self):
        self.environment.note("revoke", "the token is dead")
        self.platform.revoke()

    def on_locked(self):
        seconds = self.random.choice([0.05, 0.3, 0.7])
        self.environment.note("lock", f"another program has the database for {seconds} s")
        thread = self.environment.lock(seconds)
        if thread:
            self.threads.append(thread)

    def on_down(self):
        host = self.random.choice([1, 2])
        self.environment.note("down", f"host {host} refuses connections for a while")
        self.platform.refuse(host, True)
        timer = threading.Timer(self.random.choice([0.05, 0.2, 0.4]), self.platform.refuse, [host, False])
        timer.start()
        self.threads.append(timer)

    def on_writes(self):
        person = self.random.choice(self.people)
        for _, _, openid in person.was:
            self.platform.write(openid)

    def on_follows(self):
        person, whether = self.random.choice(self.people), self.random.random() < 0.5
        self.environment.note("follow", f"{person.name} {'follows' if whether else 'leaves'}")
        for _, _, openid in person.was:
            self.platform.follow(openid, whether)

    def on_spend(self):
        api = self.random.choice(SENDS)
        self.environment.note("spend", f"{api} has no calls left today")
        self.platform.use_quota(api)

    def on_pause(self):
        """Simulates a paused machine: the wall clock advances for all processes, and the uptime does not."""
        seconds = self.random.choice([11 * MINUTE, 20 * MINUTE, 70 * MINUTE, 3 * HOUR])
        self.environment.note("pause", f"the wall clock goes on by {seconds} s")
        self.clock.jump_wall_clock(seconds)

    def on_passes(self, seconds=None):
        """Advances every clock while no process runs."""
        for run in self.environment.alive():
            if run is self.held or run.stopped:
                return
            self.environment.finish(run)
        seconds = seconds or self.random.choice(self.profile.spans)
        self.environment.note("passes", f"{seconds} s")
        self.platform.finish()
        self.clock.advance_both_clocks(seconds)

    def on_wrong(self):
        """Gives one process a clock of its own."""
        seconds = self.random.choice([-30 * DAY, -3 * HOUR, -20 * MINUTE, 20 * MINUTE, 2 * DAY, 100 * DAY, -20000 * DAY])
        if self.environment.shim:
            self.environment.note("clock", f"the next process has a clock that is off by {seconds} s")
            self.odd_clock = self.clock.set_wrong(seconds)
            run = self.run_action(self.random.choice(["flush", "flush", "template", "text"]))
            self.odd_clock = None
            if run:
                run.done.wait(3)
