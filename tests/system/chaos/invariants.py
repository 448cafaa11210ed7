"""The invariants that must hold after a round, by the platform's log and the output of each process.

To add an invariant: a function here that takes a `Facts` and yields a line for each violation, and its name in `ALL`.
"""

import os
import re
import sqlite3
from collections import Counter, defaultdict

MAY_STAY = {"wxbox.db", "wxbox.db-token-lock"}
FINAL_NOT_TAKEN = ("failed", "cancelled", "expired")


class Facts:
    """A finished round: the history, the platform's log, the rows of the database."""

    def __init__(self, history, left=()):
        self.history, self.environment, self.log = history, history.environment, history.platform.log
        self.left = left  # the messages still queued 90 minutes, and two days, after the faults had stopped
        self.of = {person.number: person for person in history.people}
        self.listed = history.environment.call("--json", "outbox", "list", "--limit", "100000")
        # Before anything else opens the database.
        self.files = set(os.listdir(self.environment.data))
        self.rows = self.listed.lines() if self.listed.status == 0 else []
        bodies = self.read_bodies()
        for row in self.rows:
            row["marker"], row["part"] = marker_of(bodies.get(row["id"]))
            row["to"] = self.recipient_of_row(row)
        self.requests = defaultdict(list)
        for request in self.log:
            self.requests[self.identity(request)].append(request)

    def waiting(self):
        """Returns the queued messages, without the parts after an unknown part, which wait for a person."""
        unknown = [(row["marker"], row["to"], row["part"]) for row in self.rows if row["state"] == "unknown"]
        is_blocked = lambda row: any((row["marker"], row["to"]) == it[:2] and it[2] < row["part"] for it in unknown)
        return [name(row) for row in self.rows if row["state"] == "queued" and not is_blocked(row)]

    def read_bodies(self):
        """Reads the text of each message; wxbox shows the text of one message at a time only."""
        with sqlite3.connect(f"file:{self.environment.database}?mode=ro", uri=True) as database:
            found = dict(database.execute("SELECT m.id, c.json FROM messages m LEFT JOIN payloads c ON c.id = m.payload_id"))
        database.close()
        return found

    def person(self, openid):
        match = re.match(r"oP(\d{3})n", openid or "")
        return self.of.get(int(match.group(1))) if match else None

    def to_openid(self, marker):
        message = self.history.messages.get(marker)
        return bool(message and message.openids)

    def identity(self, request):
        """Returns the message of a request: (marker, part, recipient)."""
        person = None if self.to_openid(request.marker) else self.person(request.openid)
        return request.marker, request.part, person.number if person else request.openid

    def recipient_of_row(self, row):
        if self.to_openid(row["marker"]):
            return row["openid"]
        found = [it.number for it in self.history.people if row["user"] is not None and it.name == row["user"]]
        person = self.person(row["openid"])
        return found[0] if found else person.number if person else None

    def requests_of(self, row):
        return self.requests.get((row["marker"], row["part"], row["to"]), [])

    def retries(self, row=None):
        """Returns how often a person may have requested a retry of this message."""
        return sum(
            1 for run, words in self.history.retries if row is None or words[0].startswith("--") or str(row["id"]) in words
        )

    def killed(self):
        """Returns how many attempts without a response killed or stopped processes may have left."""
        return sum(run.concurrency for run in self.environment.runs if run.was_signalled("KILL") or run.hung or run.stops)


def marker_of(body):
    if not body:
        return None, 0
    part = re.search(r"\b(m\d+) line (\d+)", body)
    if part:
        return part.group(1), int(part.group(2))
    found = re.search(r"\bm\d+\b", body)
    return found and found.group(0), 0


def name(row):
    part = f"/{row['part']}" if row["part"] else ""
    return f"message {row['id']} ({row['marker']}{part} to {row['user'] or row['openid']}, {row['state']})"


# The invariants


def no_message_twice(facts):
    """A message is delivered once, unless a person retries it."""
    by_identity = {(row["marker"], row["part"], row["to"]): row for row in facts.rows}
    for identity, requests in facts.requests.items():
        count = sum(request.delivered for request in requests)
        if count > 1 + facts.retries(by_identity.get(identity)):
            yield f"{identity} was delivered {count} times, with {facts.retries(by_identity.get(identity))} retries"


def a_second_time_is_told(facts):
    """A retry of a delivered message reports that it may arrive twice, unless it was requested with `--unknown`."""
    for run, words in facts.history.retries:
        for row in facts.rows:
            during = [it.at for it in facts.requests_of(row) if it.delivered and run.started < it.at < (run.ended or 0)]
            before = any(it.delivered and it.at < run.started for it in facts.requests_of(row))
            if during and before and str(row["id"]) in words and "twice" not in run.errors():
                yield f"[{run.number}] delivered {name(row)} a second time, and did not say that it may"


def no_key_twice(facts):
    """The same key reaches the same recipient once, unless a person retries, or prunes the message with the key."""
    delivered = Counter()
    for (marker, part, to), requests in facts.requests.items():
        message = facts.history.messages.get(marker)
        if message and message.key:
            first = message.kind != "split" or part == 0
            delivered[message.key, to] += first and any(request.delivered for request in requests)
    for (key, to), count in delivered.items():
        allowed = 1 + facts.retries() + len(facts.history.prunes)
        if count > allowed:
            yield f"key {key} reached {to} {count} times"


def states_are_true(facts):
    """WeChat accepted each `sent` message, and no failed, cancelled or expired one."""
    for row in facts.rows:
        # The message of a removed user has no text that identifies it.
        if not row["marker"] or not row["to"]:
            continue
        taken = any(request.taken for request in facts.requests_of(row))
        if row["state"] == "sent" and not taken:
            yield f"{name(row)} was never taken"
        if row["state"] in FINAL_NOT_TAKEN and taken:
            yield f"{name(row)} was taken"


def unknown_is_not_known(facts):
    """Each `unknown` message left this machine, and no clear response came."""
    if facts.environment.mounted:
        return
    spare = facts.killed()
    for row in facts.rows:
        if row["state"] != "unknown" or row["marker"] is None:
            continue
        requests = facts.requests_of(row)
        if requests and any(not request.clear for request in requests):
            continue
        spare -= 1
        if spare < 0:
            yield f"{name(row)} {'had clear answers only' if requests else 'never left this machine'}: {row['error']}"


def nothing_expires_untried(facts):
    for row in facts.rows:
        message = facts.history.messages.get(row["marker"])
        if row["state"] == "expired" and message and not message.expires and not facts.requests_of(row) and row["part"] == 0:
            yield f"{name(row)} was never tried"


def nobody_else_is_written_to(facts):
    """A message to a user goes to the openid that the user is bound to when the attempt begins, or to nobody."""
    late = defaultdict(set)
    for request in facts.log:
        message = facts.history.messages.get(request.marker)
        person = facts.person(request.openid)
        if message is None or person is None:
            yield f"a request for nobody's message: {request}"
            continue
        if message.openids:
            if request.openid not in message.openids:
                yield f"{request.marker} was for {message.openids}: {request}"
            continue
        if message.people is not None and person not in message.people:
            yield f"{request.marker} was not for {person.name}: {request}"
        if request.openid in person.may_have(request.at):
            continue
        # The command that removed this phone, and the requests in flight when it ended.
        ended = [
            run
            for started, run, openid in person.was
            if run and run.ended and run.ended <= request.at and openid != request.openid
        ]
        late[ended[-1].number if ended else 0, request.openid].add((request.marker, request.part))
    for (number, openid), messages in late.items():
        changed = facts.environment.runs[number - 1] if number else None
        running = [run for run in facts.environment.runs if changed and run.started < changed.ended < (run.ended or 1e18)]
        under_way = sum(run.concurrency for run in running if run.words[0] != "user")
        # Requests that had arrived by then are not excused, unless their process was killed.
        since = max([0, *(run.ended for run in facts.environment.runs if changed and run.status < 0 and run.ended < changed.ended)])
        under_way -= sum(since < it.at < changed.ended < min(it.over, it.at + 0.9) for it in facts.log) if changed else 0
        if len(messages) > under_way:
            which = f"after [{number}] had taken it away" if changed else "that was not theirs yet"
            yield f"to {openid[:9]} {which}: {', '.join(sorted(m for m, _ in messages)[:5])}, with {under_way} requests under way"


def parts_are_in_order(facts):
    """A part of a text is sent only after the part before it."""
    taken = defaultdict(dict)
    for (marker, part, to), requests in facts.requests.items():
        if facts.history.messages.get(marker) and facts.history.messages[marker].kind == "split":
            at = [request.at for request in requests if request.taken]
            taken[marker, to][part] = (min(at) if at else None, min(request.at for request in requests))
    for (marker, to), parts in taken.items():
        if facts.retries():
            continue
        if 0 not in parts:
            yield f"the beginning of {marker} never went to {to}, the rest did"
        for part, (_, tried) in parts.items():
            before = [at for other, (at, _) in parts.items() if other < part]
            if any(at is None or at > tried for at in before):
                yield f"part {part} of {marker} went to {to} before the parts before it"


def lines_are_true(facts):
    """The printed state of a message is its real state."""
    states = {row["id"]: row for row in facts.rows}
    vanish = facts.history.prunes or any(person.removed_by for person in facts.history.people)
    pruned = bool(facts.history.prunes)
    for run in facts.environment.runs:
        for line in run.lines():
            if "state" not in line or "id" not in line or line.get("id") is None or "attempts" not in line:
                continue
            row = states.get(line["id"])
            if row is None:
                if not vanish:
                    yield f"[{run.number}] told of message {line['id']}, which is not in the database"
                continue
            if line["state"] == "sent" and row["state"] != "sent":
                yield f"[{run.number}] said that message {line['id']} is sent; it is {row['state']}"
            # A retry may deliver it while the process that reported it still sends others.
            if line["state"] in FINAL_NOT_TAKEN and not line.get("duplicate") and not facts.retries(row):
                early = [r for r in facts.requests_of(row) if r.taken and r.at < (run.ended or 0)]
                if early and row["to"] and not pruned:
                    yield f"[{run.number}] said that {name(row)} is {line['state']}; it was taken before"


def statuses_are_true(facts):
    """The exit status of a command that sends matches its output."""
    for run in facts.environment.runs:
        if (
            run.status not in (0, 5, 6, 7)
            or run.words[:2] != ["--json", "send"]
            and "retry" not in run.words
            or "--no-wait" in run.words
        ):
            continue
        if '"code":4' in run.errors():
            continue  # for some ids, stderr explains why they were not tried
        states = Counter(line["state"] for line in run.lines() if "state" in line)
        refused, open_ = sum(states[it] for it in FINAL_NOT_TAKEN), states["queued"] + states["unknown"]
        fits = {0: not refused and not open_, 5: refused and not open_, 6: open_ and not refused, 7: refused or open_}[run.status]
        if not fits and run.pipe is None:
            yield f"[{run.number}] ended with {run.status}, and its lines said {dict(states)}"


def all_or_nothing_is_queued(facts):
    if facts.history.prunes or any(person.removed_by for person in facts.history.people):
        return
    rows = Counter(row["marker"] for row in facts.rows if row["part"] == 0)
    for marker, message in facts.history.messages.items():
        if (
            message.people
            and not message.key
            and message.run
            and message.run.words[1] == "send"
            and "--batch" not in message.run.words
        ):
            if rows[marker] not in (0, len(message.people)):
                yield f"{marker}: {rows[marker]} of {len(message.people)} are queued"
            if rows[marker] == 0 and message.run.status in (0, 5, 6, 7):
                yield f"{marker}: [{message.run.number}] ended with {message.run.status}, and it is not in the database"


def a_report_keeps_the_status(facts):
    for run in facts.environment.runs:
        if run.words[0] == "run" and not run.signals and run.status != 33 and not (facts.environment.uid and run.status in (1, 126)):
            yield f"[{run.number}] ended with {run.status} in place of the command's 33"


def events_have_one_effect(facts):
    """Each event that `serve` acknowledged is recorded once, and each that is recorded was pushed."""
    if not facts.history.events:
        return
    with sqlite3.connect(f"file:{facts.environment.database}?mode=ro", uri=True) as database:
        recorded = Counter(database.execute("SELECT name, openid, created_at / 1000 FROM events"))
    database.close()
    pushed = {(it.name, it.openid, it.created): it for it in facts.history.events}
    for event, count in recorded.items():
        if event not in pushed or count > 1:
            yield f"{event} is recorded {count} times"
    for event, it in pushed.items():
        if it.taken and event not in recorded:
            yield f"{event} was acknowledged and is not recorded"


def receipts_are_kept(facts):
    """Each message has the receipt that was acknowledged for it, and no other."""
    pushed = {it.msgid: it for it in facts.history.events if it.msgid}
    names = {"success": "delivered", "failed:user block": "blocked", "failed: system failed": "failed"}
    for row in facts.rows:
        event = pushed.get(str(row["msgid"]))
        expected = event and names[event.status]
        if event and event.taken and row["receipt"] != expected:
            yield f"{name(row)} has the receipt {row['receipt']} in place of {expected}"
        if row["receipt"] and row["state"] == "sent" and (event is None or row["receipt"] != expected):
            yield f"{name(row)} has the receipt {row['receipt']}, which nobody pushed"


def a_server_ends_when_it_is_told(facts):
    for run in facts.environment.runs:
        if "serve" in run.words and not run.was_signalled("KILL") and (run.status != 0 or not run.was_signalled("TERM")):
            yield f"[{run.number}] serve ended with {run.status}: {run.output()}"


def nothing_hangs(facts):
    for run in facts.environment.runs:
        if run.hung:
            yield f"[{run.number}] wxbox {' '.join(run.words)[:80]} did not end"
        elif run.status is not None and run.status < 0 and -run.status not in (9, 1, 2, 15):
            yield f"[{run.number}] was ended by signal {-run.status}: {run.output()}"
        elif run.status == 101 or "panicked" in run.errors():
            yield f"[{run.number}] panicked: {run.output()}"


def all_comes_to_an_end(facts):
    """Without faults, every message is finished after 90 minutes, or after two days if WeChat's quota was exhausted, except the
    parts after an unknown part, which wait for a person."""
    soon, at_last = facts.left[0], facts.left[-1]
    if at_last:
        yield f"queued two days after all was well: {', '.join(at_last[:5])}"
    elif soon and not any(request.answer == 45009 for request in facts.log):
        yield f"queued 90 minutes after all was well: {', '.join(soon[:5])}"


def nothing_vanishes(facts):
    """Each delivered message is in the database, unless it was pruned or its user removed."""
    if facts.history.prunes:
        return
    there = {(row["marker"], row["part"], row["to"]) for row in facts.rows}
    for identity, requests in facts.requests.items():
        person = facts.of.get(identity[2]) if isinstance(identity[2], int) else facts.person(identity[2])
        if person and not person.removed_by and identity not in there:
            yield f"{identity} is not in the database any more"


def nothing_was_changed(facts):
    for run in facts.environment.runs:
        sent = [line for line in run.lines() if line.get("state") == "sent"]
        if run.status == 1 and "nothing was changed" in run.errors() and sent:
            yield f"[{run.number}] said that nothing was changed, and {len(sent)} messages were sent"


def the_database_is_whole(facts):
    with sqlite3.connect(f"file:{facts.environment.database}?mode=ro", uri=True) as database:
        found = [row[0] for row in database.execute("PRAGMA integrity_check")]
        missing = list(database.execute("PRAGMA foreign_key_check"))
    database.close()
    if found != ["ok"] or missing:
        yield f"the database is damaged: {found[:3]} {missing[:3]}"


def one_file_is_left(facts):
    found = sorted({it for it in facts.files if "-serve-" not in it} - MAY_STAY)
    if found:
        yield f"left beside the database: {', '.join(found)}"


def the_model_knows_the_calls(facts):
    for path in set(facts.history.platform.unknown):
        yield f"the model of the platform has no {path}"


ALL = [
    no_message_twice,
    a_second_time_is_told,
    no_key_twice,
    states_are_true,
    unknown_is_not_known,
    nothing_expires_untried,
    nobody_else_is_written_to,
    parts_are_in_order,
    lines_are_true,
    statuses_are_true,
    all_or_nothing_is_queued,
    a_report_keeps_the_status,
    events_have_one_effect,
    receipts_are_kept,
    a_server_ends_when_it_is_told,
    nothing_hangs,
    all_comes_to_an_end,
    nothing_vanishes,
    nothing_was_changed,
    the_database_is_whole,
    one_file_is_left,
    the_model_knows_the_calls,
]


def violations(history, left):
    facts = Facts(history, left)
    if facts.listed.status != 0:
        return [("the_database_is_whole", f"outbox list ended with {facts.listed.status}: {facts.listed.output()}")], 0
    return [(check.__name__, line) for check in ALL for line in check(facts)], len(facts.rows)
