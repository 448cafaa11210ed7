#!/usr/bin/env bash
# packaging/crontab's line in a real cron, in its bare environment: what waits is delivered within the minute.
. "$(dirname "$0")/world.sh"
[ "$(id -u)" = 0 ] || { say "skipped: only root can start cron"; exit 0; }
world 1
wxbox -q send --no-wait -u crowd000001 -t backup -d host=a -d size=b -d time=c
line=$(grep -v '^#' "$here/packaging/crontab" | sed "s| wxbox /usr/local/bin/wxbox| root $built/wxbox|; s|/etc/wxbox/config.toml|$home/.config/wxbox/config.toml|; s|/var/lib/wxbox/wxbox.db|$home/.local/share/wxbox/wxbox.db|")
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$home" /etc/cron.d/wxbox-test' EXIT
printf '%s\n' "$line" >/etc/cron.d/wxbox-test
chmod 644 /etc/cron.d/wxbox-test
env -i /usr/sbin/cron -f &
say "waiting for the next minute of cron"
while read -r -t 130 request <&7; do
    case $request in *message/template/send*) break ;; esac
done
[ "$(arrived delivered)" = 1 ] || fail "nothing arrived"
say "cron delivered it"
