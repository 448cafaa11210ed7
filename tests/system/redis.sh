#!/usr/bin/env bash
# Tests packaging/redis/wxbox-redis with a real Redis: 300 entries, with the consumer and wxbox killed repeatedly; at the end
# every entry is acknowledged and every message was delivered once. Then without wxbox, and without Redis.
. "$(dirname "$0")/common.sh"
count=300
start_sandbox $count
cat <&7 >/dev/null &
redis-server --port 0 --unixsocket "$home/redis" --save "" --daemonize no --logfile "" >/dev/null &
server=$!
cli() { redis-cli -s "$home/redis" "$@"; }
until cli ping >/dev/null 2>&1; do :; done

for n in $(seq $count); do
    printf 'XADD wxbox * message "{\\"user\\": \\"crowd%06d\\", \\"template\\": \\"backup\\", \\"data\\": {\\"host\\": \\"db%d\\", \\"size\\": 1, \\"time\\": \\"now\\"}}"\n' "$n" "$n"
done | cli >/dev/null

consumer=(/usr/bin/python3 "$here/packaging/redis/wxbox-redis" --url "unix://$home/redis")
# The number of entries that the group has read and acknowledged.
acknowledged() { cli xinfo groups wxbox 2>/dev/null | awk '/^pending$/{getline; pending = $0} /^entries-read$/{getline; read = $0} END {print read - pending}'; }
for part in 20 60 110 200; do
    setsid "${consumer[@]}" 2>"$home/stderr" &
    group=$!
    until [ "$(acknowledged)" -ge "$part" ]; do kill -0 "$group" || fail "it ended: $(cat "$home/stderr")"; done
    kill -KILL -- "-$group"
    wait "$group" 2>/dev/null || true
    log "killed with $(acknowledged) of $count acknowledged"
done
"${consumer[@]}" --until-idle 1
wxbox -q outbox flush
[ "$(cli xpending wxbox wxbox | head -1)" = 0 ] || fail "$(cli xpending wxbox wxbox | head -1) entries are not acknowledged"
[ "$(arrived delivered) $(arrived recipients) $(arrived twice)" = "$count $count 0" ] ||
    fail "$(arrived delivered) arrived, at $(arrived recipients), $(arrived twice) twice"
log "all $count arrived once, and are acknowledged"

# The consumer exits with status 1 if wxbox cannot start, and if Redis is gone.
expect_exit_1() {
    status=0
    timeout 60 "${consumer[@]}" 2>"$home/stderr" || status=$?
    [ "$status" = 1 ] || fail "it ended with $status: $(cat "$home/stderr")"
}
WXBOX_CONFIG=/nowhere expect_exit_1
grep -q /nowhere "$home/stderr" || fail "it did not say why: $(cat "$home/stderr")"
expect_exit_1 &
consuming=$!
cli xadd wxbox '*' message '{"user": "crowd000001", "text": "one more"}' >/dev/null
until [ "$(acknowledged)" -gt "$count" ]; do kill -0 "$consuming" || fail "it ended: $(cat "$home/stderr")"; done
kill -KILL "$server"
wait "$consuming"
grep -q ^Redis: "$home/stderr" || fail "it did not say why: $(cat "$home/stderr")"
log "it ends when wxbox does, and when Redis is gone"
