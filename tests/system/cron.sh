#!/usr/bin/env bash
# Runs the line of packaging/crontab in a real cron, in its bare environment: a queued message is delivered within a minute.
# The cron has its own /run, /etc/cron.d and /dev/log, so that no other cron of this machine interferes. This script reads its
# log, which reports when it runs a line and when the line has ended.
. "$(dirname "$0")/common.sh"
[ "$(id -u)" = 0 ] || { log "skipped: only root can start cron"; exit 0; }
unshare -m true 2>/dev/null || { log "skipped: there are no mount namespaces here"; exit 0; }
start_sandbox 1
cat <&7 >/dev/null &
wxbox -q send --no-wait -u crowd000001 -t backup -d host=a -d size=b -d time=c

mkdir "$home/cron.d" "$home/dev" "$home/none"
touch "$home/crontab"
# The file with another user, other paths, and its output in a file, because there is no mail here.
sed "s|^PATH=|PATH=$built:|; s| wxbox wxbox \(.*\)| root wxbox \1 >>$home/said 2>\&1|; s|/etc/wxbox/config.toml|$home/.config/wxbox/config.toml|; s|/var/lib/wxbox/wxbox.db|$home/.local/share/wxbox/wxbox.db|" \
    "$here/packaging/crontab" >"$home/cron.d/wxbox"

mkfifo "$home/log"
python3 -uc 'import socket, sys
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind(sys.argv[1])
print("listening")
while True: print(log.recv(4096).decode(errors="replace"))' "$home/dev/log" >"$home/log" &
exec 8<"$home/log"
read -r _ <&8

export home
# Level 15: cron logs each line's start, its end, and its status.
unshare -m --propagation private bash -euc '
    for device in null zero full random urandom tty; do
        touch "$home/dev/$device" && mount --bind "/dev/$device" "$home/dev/$device"
    done
    mount --rbind "$home/dev" /dev
    mount -t tmpfs run /run
    mount --bind "$home/crontab" /etc/crontab
    mount --bind "$home/none" /var/spool/cron/crontabs
    mount --bind "$home/cron.d" /etc/cron.d
    exec env -i /usr/sbin/cron -f -L 15' >"$home/cron" 2>&1 7<&- 8<&- &
cron=$!
log "waiting for the next minute of cron"
log=
while :; do
    # An event arrives within a minute; after two minutes without one, cron has failed.
    read -r -t 120 event <&8 || fail "cron ran nothing: $(kill -0 $cron 2>&1; cat "$home/cron")$log"
    log+=$'\n'$event
    case $event in *" END ("*"outbox flush"*) break ;; esac
done
[ "$(arrived delivered)" = 1 ] || fail "cron ran the line, and nothing arrived: $(cat "$home/said")$log"
log "cron delivered it"
